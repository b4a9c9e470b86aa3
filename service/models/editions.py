"""The editions that this process has open, and the one of them that answers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from service.domain.standing import Lag
from service.models.edition import Edition
from service.pipeline.newsstand import Newsstand

Others = Callable[[], Sequence[Newsstand]]
Open = Callable[[str, Others], AbstractAsyncContextManager[Edition]]
"""Opens the edition of a model; it asks for the newsstands under the other models."""


class Editions:
    """A request takes the ``active`` newsstand once, and stays with it: so no answer mixes the
    vectors of two models, whenever another becomes active.
    """

    def __init__(self, opener: Open) -> None:
        self._opener = opener
        self._open: dict[str, tuple[Edition, AsyncExitStack]] = {}
        self._active: Edition | None = None

    def __iter__(self) -> Iterator[Edition]:
        return (edition for edition, _ in list(self._open.values()))

    @property
    def active(self) -> Newsstand:
        """The newsstand that answers."""
        assert self._active is not None, "no edition is active yet"
        return self._active.newsstand

    @property
    def lag(self) -> Lag:
        """How far its catalogue is behind the article log."""
        assert self._active is not None, "no edition is active yet"
        return self._active.lag

    @property
    def active_model(self) -> str:
        """Its model."""
        return self.active.model.reference

    def of(self, model: str) -> Edition | None:
        """The model's edition, None if it is not open."""
        return self._open[model][0] if model in self._open else None

    async def open(self, model: str) -> Edition:
        """Open the model's edition. Raises ModelStoreError, SetupError."""
        async with AsyncExitStack() as stack:
            made = await stack.enter_async_context(
                self._opener(model, lambda: self._others_than(model))
            )
            self._open[model] = made, stack.pop_all()
        return made

    def activate(self, edition: Edition) -> None:
        """Let an edition that has begun answer from now on."""
        self._active = edition

    async def close(self, model: str, *, discard: bool) -> None:
        """Close the model's edition; ``discard`` removes its generations from disk, too."""
        edition, stack = self._open.pop(model)
        edition.discarded = discard
        await stack.aclose()

    async def close_all(self) -> None:
        """Close every edition, whatever happens to one."""
        async with AsyncExitStack() as together:
            for _, stack in self._open.values():
                together.push_async_exit(stack)
            self._open = {}

    def _others_than(self, model: str) -> Sequence[Newsstand]:
        return [edition.newsstand for edition in self if edition.model != model]
