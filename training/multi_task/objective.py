"""MTRec's objective, as a recipe says it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from accelerate import Accelerator
from accelerate.utils import extract_model_from_parallel
from torch import Tensor, nn

from model_store.text import template_fields
from training.data.impressions import ImpressionLog
from training.errors import BadRecipe
from training.examples import Batch
from training.models.recommender import Recommender
from training.multi_task.descent import Descent, operated, summed
from training.multi_task.heads import WithHeads
from training.multi_task.labels import Labels
from training.multi_task.surgery import main_priority, symmetric
from training.recipe import MultiTask, Recipe

DESCENTS: Final[Mapping[str, Descent]] = {
    "none": summed,
    "symmetric": operated(symmetric),
    "main_priority": operated(main_priority),
}


@dataclass(frozen=True, eq=False)
class ClicksAndTitles:
    """Clicks, and what the clicked titles are about (``training.objective.Objective``)."""

    tasks: Mapping[str, Labels]
    settings: MultiTask
    temperature: float = 1.0

    @classmethod
    def of(cls, recipe: Recipe, log: ImpressionLog) -> "ClicksAndTitles | None":
        """A recipe's over its training log; None where it has the clicks alone.

        Raises BadRecipe for a head that nothing is known for, or that would be told its answer.
        """
        settings = recipe.multi_task
        if settings is None:
            return None
        if "category" in settings.heads:
            _check_category_is_not_read(recipe)
        tasks: dict[str, Labels] = {head: Labels.of(head, log) for head in settings.heads}
        return cls(tasks, settings, recipe.training.temperature)

    @property
    def identity(self) -> str:
        """See ``Objective``: the settings, and every label."""
        digest = hashlib.sha256(self.settings.model_dump_json().encode())
        for name, labels in self.tasks.items():
            digest.update(json.dumps([name, labels.names]).encode() + labels.bears_NK.tobytes())
        return digest.hexdigest()

    def around(self, recommender: Recommender) -> nn.Module:
        """See ``Objective``. Raises BadRecipe where the heads could teach the news encoder
        nothing.
        """
        if not any(weight.requires_grad for weight in recommender.news.parameters()):
            raise BadRecipe(
                "multi_task: nothing of the news encoder learns, so that no head could teach it: "
                "set text.encoder.trained_layers"
            )
        learner = WithHeads(recommender, self.tasks, self.settings.weight, self.temperature)
        return learner.to(next(recommender.parameters()).device)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """See ``Objective``: the clicks', and the heads' (2)."""
        learner = extract_model_from_parallel(model)  # whose gradients are averaged one by one
        losses_2: Tensor = learner(batch)
        return losses_2

    def backward(self, model: nn.Module, loss: Tensor, process: Accelerator) -> None:
        """See ``Objective``."""
        learner = extract_model_from_parallel(model)
        assert isinstance(learner, WithHeads)
        DESCENTS[self.settings.surgery](learner, learner.shared, loss, process)


def _check_category_is_not_read(recipe: Recipe) -> None:
    told = {"category", "subcategory"} & set(template_fields(recipe.text.template))
    if told or recipe.news != "title":
        reader = "text.template" if told else f"news={recipe.news}"
        raise BadRecipe(f"multi_task.heads: {reader} reads the category that a head is to tell")
