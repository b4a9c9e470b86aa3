"""Stage II: a student is fine-tuned on clicks under teachers that were fine-tuned before it.

Shapes: M teachers, U distinct news of a batch, B batch, H history, C candidates, K = H + C,
D dimensions.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from training.checkpoints import digest_of
from training.compression.multi_teacher import distances, mean_distances, total
from training.compression.projections import Projections
from training.compression.settings import FineTuning, Losses
from training.compression.teachers import (
    Answers,
    Teacher,
    answers_of,
    check_titles,
    recipe_of,
    teacher_of,
)
from training.encoding import news_vectors
from training.examples import Batch
from training.models.recommender import Recommender
from training.models.users.encoder import OneVector
from training.run import Logs, Trained, train


class Pupil(nn.Module):
    """A recommender beside its teachers: its loss of a batch, ``L₂``."""

    def __init__(
        self,
        recommender: Recommender,
        teachers: Sequence[int],
        losses: Losses,
        temperature: float = 1.0,
    ) -> None:
        """``teachers`` are the dimensions of the teachers' vectors; scores are divided by
        ``temperature``, everyone's, as the recipe divides them.
        """
        super().__init__()
        self.recommender, self.losses, self.temperature = recommender, losses, temperature
        self.project_news = Projections(teachers, recommender.news.dimension)
        self.project_users = Projections(teachers, recommender.news.dimension)

    def forward(self, batch: Batch, teachers: Sequence[Answers]) -> Tensor:
        """``L₂``, the mean over the examples. The news of an example are its clicks and its
        candidates, all of the same weight (our reading).
        """
        users = self.recommender.users
        assert isinstance(users, OneVector)
        mine = answers_of(users, news_vectors(self.recommender.news, batch.news), batch)
        of_news_MU = distances(self.project_news([one.news_UE for one in teachers]), mine.news_UE)
        places_BK = torch.cat([batch.history_BH, batch.candidates_BC], dim=1)
        shown_BK = torch.cat([batch.mask_BH, torch.ones_like(batch.candidates_BC)], dim=1)
        of_news_MB = mean_distances(of_news_MU[:, places_BK], shown_BK)
        of_users_MB = distances(
            self.project_users([one.users_BE for one in teachers]), mine.users_BE
        )
        theirs_MBC = torch.stack([one.scores_BC for one in teachers]) / self.temperature
        scores_BC = mine.scores_BC / self.temperature
        return total(scores_BC, theirs_MBC, [of_news_MB, of_users_MB], self.losses)


@dataclass(frozen=True, eq=False)
class UnderTeachers:
    """Stage II's objective (``training.objective.Objective``)."""

    teachers: Sequence[Teacher]
    losses: Losses
    temperature: float = 1.0

    @property
    def identity(self) -> str:
        """See ``Objective``: the losses, what the teachers make of the news, and of readers."""
        digest = hashlib.sha256(self.losses.model_dump_json().encode())
        for teacher in self.teachers:
            digest.update(np.ascontiguousarray(teacher.news_NE).tobytes())
            digest.update(f"{teacher.users} {digest_of(teacher.users.state_dict())}".encode())
        return digest.hexdigest()

    def around(self, recommender: Recommender) -> nn.Module:
        """See ``Objective``."""
        dimensions = [teacher.dimension for teacher in self.teachers]
        pupil = Pupil(recommender, dimensions, self.losses, self.temperature)
        return pupil.to(next(recommender.parameters()).device)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """See ``Objective``."""
        loss: Tensor = model(batch, [teacher.answers(batch) for teacher in self.teachers])
        return loss

    def backward(self, model: nn.Module, loss: Tensor, process: Accelerator) -> None:
        """See ``Objective``."""
        process.backward(loss)


def stage_two(
    student: Path,
    teachers: Sequence[Trained],
    logs: Logs,
    settings: FineTuning,
    losses: Losses,
    work: Path,
    vectors: Path | None = None,
) -> Trained:
    """Fine-tune a student's folder on clicks under its teachers; what was cut off goes on.

    The teachers' tokens and vectors are kept in ``vectors``, which several students may share;
    left out, in ``work``.

    Raises BadRecipe for no teachers and for teachers that read titles otherwise, and as
    ``training.run.train`` does.
    """
    recipe = recipe_of(student, settings)
    check_titles(teachers, recipe)
    kept = vectors or work / "teachers"
    known = [teacher_of(teacher, logs.training, kept) for teacher in teachers]
    objective = UnderTeachers(known, losses, settings.training.temperature)
    return train(recipe, logs, work, objective)
