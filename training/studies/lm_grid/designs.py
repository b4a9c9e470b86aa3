"""The rows by name: which architecture over which encoder, and what of the encoder learns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from training.studies.lm_grid.encoders import WORDS, Known, swept, swept_depths, tuned_depth
from training.studies.lm_grid.settings import Architecture, LmGridSettings

Form = Literal["frozen", "tuned", "cls", "lora", "two-step"]
TITLES: Final[Mapping[Architecture, str]] = {"naml": "NAML", "nrms": "NRMS", "lstur": "LSTUR"}
VECTORS: Final = "vectors"
"""The row that learns static vectors, where no file has them."""
FUSED: Final = "late-fusion"
"""What stands in an architecture's place where nothing is trained."""


@dataclass(frozen=True)
class Design:
    """A cell of the grid. Without an architecture it is late fusion, of an encoder as it came."""

    architecture: Architecture | None
    encoder: str
    form: Form = "frozen"
    depth: int = 0
    """Layers of a transformer that learn."""

    @property
    def name(self) -> str:
        """As the row is called."""
        if self.architecture is None:
            return f"{FUSED}-{self.encoder}"
        learns = f"top{self.depth}" if self.form == "tuned" and self.depth else self.form
        return f"{self.architecture}-{self.encoder}-{learns}"

    @property
    def title(self) -> str:
        """As people read it."""
        if self.architecture is None:
            return f"late fusion over {self.encoder}"
        return f"{TITLES[self.architecture]} over {self.encoder}, {self._learns}"

    @property
    def step_one(self) -> "Design | None":
        """What a step two stands on."""
        return replace(self, form="lora") if self.form == "two-step" else None

    @property
    def _learns(self) -> str:
        layers = f"{self.depth} top layer{'s' * (self.depth > 1)} fine-tuned"
        return {
            "frozen": "frozen",
            "tuned": layers if self.depth else "fine-tuned",
            "cls": f"{layers}, given the first token alone, as published",
            "lora": "fine-tuned by LoRA (step one)",
            "two-step": "fine-tuned by LoRA, then its vectors kept (step two)",
        }[self.form]


@dataclass(frozen=True)
class Grid:
    """Which rows the settings ask for."""

    settings: LmGridSettings
    encoders: tuple[Known, ...]

    @property
    def swept(self) -> Known | None:
        """The encoder of the depth sweep."""
        return swept(self.settings, self.encoders)

    def designs(self) -> list[Design]:
        """All of them, each once."""
        return list(dict.fromkeys([*self._of_words(), *self._of_encoders(), *self._of_sweep()]))

    def frozen(self, architecture: Architecture, encoder: str) -> Design:
        """Where nothing of the encoder learns."""
        return Design(architecture, encoder)

    def tuned(self, architecture: Architecture, encoder: str) -> Design:
        """Where the encoder learns, too: for a causal model, what came of both steps."""
        known = {one.name: one for one in self.encoders}.get(encoder)
        if known is None:
            return Design(architecture, WORDS, "tuned")
        if known.causal:
            return Design(architecture, encoder, "two-step")
        depth = tuned_depth(self.settings, known, architecture)
        return Design(architecture, encoder, "tuned", depth)

    def shown(self, architecture: Architecture, encoder: str) -> Design:
        """In the form that the paper found better: static vectors as they are, others tuned."""
        form = self.frozen if encoder == WORDS else self.tuned
        return form(architecture, encoder)

    def sweep(self, architecture: Architecture) -> dict[int, Design]:
        """By depth, from none on; nothing where all encoders are causal."""
        if self.swept is None:
            return {}
        name, depths = self.swept.name, swept_depths(self.settings, self.swept)
        return {
            depth: Design(architecture, name, "tuned", depth)
            if depth
            else self.frozen(architecture, name)
            for depth in depths
        }

    def as_published(self, architecture: Architecture) -> Design | None:
        """The sweep's encoder, fine-tuned, with a sequence of length 1 as published code has it."""
        if self.swept is None:
            return None
        depth = tuned_depth(self.settings, self.swept, architecture)
        return Design(architecture, self.swept.name, "cls", depth)

    @property
    def names(self) -> Sequence[str]:
        """The static vectors, then the encoders."""
        return (WORDS, *(one.name for one in self.encoders))

    def _of_words(self) -> Iterator[Design]:
        yield Design(None, WORDS)
        for architecture in self.settings.architectures:
            yield self.frozen(architecture, WORDS)
            yield self.tuned(architecture, WORDS)

    def _of_encoders(self) -> Iterator[Design]:
        for encoder in self.encoders:
            yield Design(None, encoder.name)
            for architecture in self.settings.architectures:
                yield self.frozen(architecture, encoder.name)
                if encoder.causal:
                    yield Design(architecture, encoder.name, "lora")
                yield self.tuned(architecture, encoder.name)

    def _of_sweep(self) -> Iterator[Design]:
        for architecture in self.settings.architectures:
            yield from self.sweep(architecture).values()
            published = self.as_published(architecture)
            if published is not None:
                yield published
