"""What requests come to: the newsstand that answers, and what decides under which model it does."""

from collections.abc import Callable
from dataclasses import dataclass

from model_store.store import ModelStore
from service.domain.doorkeeper import Doorkeeper
from service.domain.lookups import Caches
from service.domain.standing import StateFigures
from service.models.editions import Editions
from service.models.switching import Switching
from service.pipeline.newsstand import Newsstand


@dataclass(frozen=True, slots=True)
class Running:
    """A process that serves."""

    editions: Editions
    switching: Switching
    models: ModelStore
    state: Callable[[], StateFigures]
    """How this process stands to the state store."""
    caches: Caches
    doorkeeper: Doorkeeper | None
    """None: there are no API keys, and whoever reaches the service may do everything."""

    @property
    def newsstand(self) -> Newsstand:
        """What answers by now. Hold on to it for the whole of a request."""
        return self.editions.active
