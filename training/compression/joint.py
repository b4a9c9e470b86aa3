"""Teachers and student that learn together: NewsBERT, NewsBERT-MT and MT-BERT.

Wu et al., NewsBERT (2021): both are fine-tuned on clicks at once, the student's layers follow the
teacher's states and soft labels, and the student's gradient holds a share of the teacher's: for
each of its layers that of the block of the teacher's layers in the same place (momentum
distillation). Wu et al., MT-BERT (2021): several teachers, soft labels weighed by ``1 / (1 + CE)``,
states compared, no momentum.

Our reading, where the material at hand is silent: the share is ``g ← (1 − β) g + β ḡ``, over the
weights of whole layers whose shapes agree, ḡ being the mean over the block and the teachers; soft
labels give a teacher no gradient, states do; every encoder has a head of its own.

Shapes: M teachers, B batch, C candidates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from training.compression.hidden_matching import Comparison, comparison_of, uniform_layers
from training.compression.insight import fresh, insight, transformer_of
from training.compression.multi_teacher import losses_of
from training.compression.settings import Depths, FineTuning, Together
from training.compression.teachers import recipe_of
from training.errors import BadRecipe
from training.examples import Batch
from training.models.depth import layers_of
from training.models.recommender import Recommender
from training.run import Logs, Trained, train

MT_BERT = Together(depths=Depths(attention=False, weights="inverse_loss"), momentum=0.0)
"""MT-BERT's settings."""


class Class(nn.Module):
    """A student and its teachers: the sum of their losses of a batch."""

    def __init__(
        self,
        student: Recommender,
        teachers: Sequence[Recommender],
        comparison: Comparison,
        temperature: float = 1.0,
    ) -> None:
        super().__init__()
        self.student, self.comparison, self.temperature = student, comparison, temperature
        self.teachers = nn.ModuleList(teachers)

    def forward(self, batch: Batch) -> Tensor:
        """The teachers' losses of the clicks, each whole, and the student's of all; for the
        temperature see ``insight``.
        """
        shown = [insight(teacher, batch, self.temperature) for teacher in self._teachers()]
        mine = insight(self.student, batch, self.temperature)
        of_teachers = torch.stack([losses_of(one.scores_BC).mean() for one in shown]).sum()
        loss: Tensor = of_teachers + self.comparison(mine, shown)
        return loss

    def share(self, momentum: float) -> None:
        """Let each layer of the student have a share of its teachers' gradients."""
        blocks = [
            blocks_of(transformer_of(self.student), transformer_of(teacher))
            for teacher in self._teachers()
        ]
        for place, layer in enumerate(layers_of(transformer_of(self.student))):
            above = [one for of_teacher in blocks for one in of_teacher[place]]
            mix(layer, above, momentum)

    def _teachers(self) -> list[Recommender]:
        return [teacher for teacher in self.teachers if isinstance(teacher, Recommender)]


def blocks_of(student: nn.Module, teacher: nn.Module) -> list[list[nn.Module]]:
    """For each layer of the student the teacher's layers in the same place."""
    theirs = list(layers_of(teacher))
    ends = uniform_layers(len(layers_of(student)), len(theirs))
    return [theirs[begin:end] for begin, end in pairwise(ends)]


def mix(layer: nn.Module, others: Sequence[nn.Module], momentum: float) -> None:
    """``g ← (1 − β) g + β ḡ`` for every weight of the layer, ḡ the mean over the others; a weight
    that they have in another shape keeps its own.
    """
    of_others = [dict(other.named_parameters()) for other in others]
    for name, weight in layer.named_parameters():
        theirs = [one[name].grad for one in of_others if name in one]
        found = [grad for grad in theirs if grad is not None and grad.shape == weight.shape]
        if weight.grad is not None and found:
            weight.grad.mul_(1 - momentum).add_(torch.stack(found).mean(dim=0), alpha=momentum)


@dataclass(frozen=True, eq=False)
class LearningTogether:
    """NewsBERT's objective (``training.objective.Objective``)."""

    teachers: Sequence[Recommender]
    together: Together
    temperature: float = 1.0

    @property
    def identity(self) -> str:
        """See ``Objective``. The teachers learn, so that a run knows their weights by itself."""
        return self.together.model_dump_json()

    def around(self, recommender: Recommender) -> nn.Module:
        """See ``Objective``."""
        comparison = comparison_of(recommender, self.teachers, self.together.depths)
        device = next(recommender.parameters()).device
        whole = Class(recommender, self.teachers, comparison, self.temperature)
        return whole.to(device)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """See ``Objective``."""
        loss: Tensor = model(batch)
        return loss

    def backward(self, model: nn.Module, loss: Tensor, process: Accelerator) -> None:
        """See ``Objective``: with momentum distillation."""
        process.backward(loss)
        learner = process.unwrap_model(model)
        assert isinstance(learner, Class)
        if self.together.momentum:
            learner.share(self.together.momentum)


def learn_together(
    student: Path,
    teachers: Sequence[Path],
    logs: Logs,
    settings: FineTuning,
    together: Together,
    work: Path,
) -> Trained:
    """NewsBERT (one teacher), NewsBERT-MT (several) or MT-BERT (``MT_BERT``): fine-tune folders of
    news encoders at once; what comes back is the student.

    Raises BadRecipe for no teachers, and a student that is deeper than they are or has another
    vocabulary; and as ``training.run.train`` does.
    """
    if not teachers:
        raise BadRecipe("a student needs a teacher at least")
    recipe = recipe_of(student, settings)
    begun = [fresh(recipe_of(teacher, settings), logs) for teacher in teachers]
    comparison_of(fresh(recipe, logs), begun, together.depths)
    objective = LearningTogether(begun, together, settings.training.temperature)
    return train(recipe, logs, work, objective)
