"""What requests come to: the newsstand that answers, and what decides under which model it does."""

from dataclasses import dataclass

from model_store.store import ModelStore
from service.models.editions import Editions
from service.models.switching import Switching
from service.pipeline.newsstand import Newsstand


@dataclass(frozen=True, slots=True)
class Running:
    """A process that serves."""

    editions: Editions
    switching: Switching
    models: ModelStore

    @property
    def newsstand(self) -> Newsstand:
        """What answers by now. Hold on to it for the whole of a request."""
        return self.editions.active
