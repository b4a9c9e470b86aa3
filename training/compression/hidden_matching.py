"""Learning what goes on inside a teacher: TinyBERT, and TinyBERT-MT with several of them.

Jiao et al., TinyBERT (2020): layer by layer the student's attention maps and states become those
of its teacher, and its scores the teacher's soft labels. Our reading, where the material at hand
is silent: attention is compared after its softmax, which is what transformers give; all is learned
at once, while the student is fine-tuned on clicks; with several teachers the layers' losses are
means over them, and only soft labels weigh a teacher by its loss. A text counts as much as any
other, however long it is and whichever texts it is read with.

Shapes: M teachers, B texts, T tokens, A heads, D dimensions, C candidates.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from training.checkpoints import digest_of
from training.compression.insight import Insight, check_alike, fresh, insight, transformer_of
from training.compression.multi_teacher import mean_distances, of_scores, weighed
from training.compression.projections import Projections
from training.compression.settings import Depths, FineTuning
from training.compression.teachers import check_titles, recipe_of
from training.examples import Batch
from training.models.recommender import Recommender
from training.run import Logs, Trained, train


def uniform_layers(student: int, teacher: int) -> tuple[int, ...]:
    """For the embeddings (0) and each layer of the student the teacher's that it learns from:
    ``g(m) = ⌊m·N/M⌋``; the last one's is the last.
    """
    return tuple(layer * teacher // student for layer in range(student + 1))


def states_losses(students_BTD: Tensor, teachers_BTD: Tensor, mask_BT: Tensor) -> Tensor:
    """Each text's mean squared difference over its tokens that the mask shows (B)."""
    squares_BT = (students_BTD - teachers_BTD).square().mean(dim=-1)
    return mean_distances(squares_BT, mask_BT)


def attention_losses(students_BATT: Tensor, teachers_BATT: Tensor, mask_BT: Tensor) -> Tensor:
    """Each text's mean squared difference over its pairs of tokens that the mask shows (B)."""
    squares_BTT = (students_BATT - teachers_BATT).square().mean(dim=1)
    shown_BTT = mask_BT.unsqueeze(2) * mask_BT.unsqueeze(1)
    return mean_distances(squares_BTT.flatten(1), shown_BTT.flatten(1))


class Comparison(nn.Module):
    """A student's loss beside what its teachers show of themselves.

    The student's states go through a learned layer for each teacher, which starts as the identity.
    """

    def __init__(self, student: int, teachers: Sequence[int], depths: Depths) -> None:
        """``student`` and ``teachers`` are the dimensions of their states."""
        super().__init__()
        self.depths = depths
        self.project = nn.ModuleList(Projections([student], teacher) for teacher in teachers)

    def forward(self, mine: Insight, teachers: Sequence[Insight]) -> Tensor:
        """The sum of the losses that the settings name."""
        depths, terms = self.depths, list[Tensor]()
        for project, theirs in zip(self.project, teachers, strict=True):
            if depths.states:
                terms.append(self._of_states(project, mine, theirs) / len(teachers))
            if depths.attention:
                terms.append(self._of_attention(mine, theirs) / len(teachers))
        theirs_MBC = torch.stack([one.scores_BC for one in teachers]).detach()
        terms += of_scores(mine.scores_BC, theirs_MBC, weighed(theirs_MBC, depths), depths)
        return torch.stack(terms).sum()

    def _of_states(self, project: nn.Module, mine: Insight, theirs: Insight) -> Tensor:
        layers = []
        for place, from_ in enumerate(_mapping(mine, theirs)):
            found = [
                states_losses(project([own.states[place]])[0], other.states[from_], own.mask_BT)
                for own, other in zip(mine.buckets, theirs.buckets, strict=True)
            ]
            layers.append(torch.cat(found).mean())
        return torch.stack(layers).sum()

    def _of_attention(self, mine: Insight, theirs: Insight) -> Tensor:
        layers = []
        for place, from_ in enumerate(_mapping(mine, theirs)[1:]):
            found = [
                attention_losses(own.attention[place], other.attention[from_ - 1], own.mask_BT)
                for own, other in zip(mine.buckets, theirs.buckets, strict=True)
            ]
            layers.append(torch.cat(found).mean())
        return torch.stack(layers).sum()


class Pupil(nn.Module):
    """A recommender beside teachers that it can look into: its loss of a batch."""

    def __init__(
        self, recommender: Recommender, comparison: Comparison, temperature: float = 1.0
    ) -> None:
        super().__init__()
        self.recommender, self.comparison = recommender, comparison
        self.temperature = temperature

    def forward(self, batch: Batch, teachers: Sequence[Insight]) -> Tensor:
        """See ``Comparison`` and, for the temperature, ``insight``."""
        mine = insight(self.recommender, batch, self.temperature)
        loss: Tensor = self.comparison(mine, teachers)
        return loss


@dataclass(frozen=True, eq=False)
class InsideTeachers:
    """TinyBERT's objective (``training.objective.Objective``); the teachers stay as they are."""

    teachers: Sequence[Recommender]
    depths: Depths
    temperature: float = 1.0

    @property
    def identity(self) -> str:
        """See ``Objective``: the losses, and the teachers' parts and weights."""
        teachers = [f"{one} {digest_of(one.state_dict())}" for one in self.teachers]
        return "\n".join([self.depths.model_dump_json(), *teachers])

    def around(self, recommender: Recommender) -> nn.Module:
        """See ``Objective``."""
        comparison = comparison_of(recommender, self.teachers, self.depths)
        pupil = Pupil(recommender, comparison, self.temperature)
        return pupil.to(next(recommender.parameters()).device)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """See ``Objective``."""
        device = batch.rows_U.device
        with torch.no_grad():
            shown = [
                insight(teacher.to(device), batch, self.temperature) for teacher in self.teachers
            ]
        loss: Tensor = model(batch, shown)
        return loss

    def backward(self, model: nn.Module, loss: Tensor, process: Accelerator) -> None:
        """See ``Objective``."""
        process.backward(loss)


def comparison_of(
    recommender: Recommender, teachers: Sequence[Recommender], depths: Depths
) -> Comparison:
    """The comparison of their states. Raises BadRecipe where they cannot be compared."""
    mine = transformer_of(recommender)
    for teacher in teachers:
        check_alike(mine, transformer_of(teacher))
    sizes = [int(transformer_of(teacher).config.hidden_size) for teacher in teachers]
    return Comparison(int(mine.config.hidden_size), sizes, depths)


def match_hidden(
    student: Path,
    teachers: Sequence[Trained],
    logs: Logs,
    settings: FineTuning,
    depths: Depths,
    work: Path,
) -> Trained:
    """TinyBERT: fine-tune a student's folder on clicks, its insides becoming its teachers'.

    Raises BadRecipe for no teachers, teachers that read titles otherwise, and a student that is
    deeper than they are or has another vocabulary; and as ``training.run.train`` does.
    """
    recipe = recipe_of(student, settings)
    check_titles(teachers, recipe)
    frozen = [
        copy.deepcopy(teacher.recommender).eval().requires_grad_(False) for teacher in teachers
    ]
    comparison_of(fresh(recipe, logs), frozen, depths)
    objective = InsideTeachers(frozen, depths, settings.training.temperature)
    return train(recipe, logs, work, objective)


def _mapping(mine: Insight, theirs: Insight) -> tuple[int, ...]:
    layers = (len(one.buckets[0].states) - 1 for one in (mine, theirs))
    return uniform_layers(*layers)
