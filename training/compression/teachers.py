"""Teachers of clicks: news encoders fine-tuned by the same recipe as any, and what they say.

Shapes: N news, U distinct news of a batch, B batch, C candidates, D dimensions of a student,
E of a teacher, S all candidates of a log.
"""

import copy
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.checkpoints import digest_of
from training.compression.settings import FineTuning
from training.data.features import TextSource, features_of
from training.data.impressions import ImpressionLog
from training.encoding import Float32, keep, mapped
from training.errors import BadRecipe
from training.evaluation.report import Report, evaluate_scores
from training.examples import Batch
from training.loop import accelerator
from training.models.build import text_sources
from training.models.users.encoder import OneVector
from training.recipe import Recipe, Text, Transformer, Users
from training.run import Logs, Trained, train
from training.scoring import Float64, scores_of, vectors_of


def recipe_of(folder: Path, settings: FineTuning) -> Recipe:
    """The recipe that fine-tunes a news encoder's folder: attention over the tokens of titles, and
    over the clicks.
    """
    return Recipe(
        name="tiny-newsrec",
        source="Yu et al., Tiny-NewsRec, EMNLP 2022",
        text=Text(
            encoder=Transformer(folder=folder, trained_layers=None),
            max_tokens=settings.title_tokens,
            pooling="attention",
            dimension=settings.dimension,
            dropout=settings.dropout,
        ),
        users=Users(kind="additive"),
        training=settings.training,
    )


def fine_tune(folder: Path, logs: Logs, settings: FineTuning, work: Path) -> Trained:
    """A news encoder's folder, fine-tuned on clicks in ``work``; what was cut off goes on.

    Raises as ``training.run.train`` does.
    """
    return train(recipe_of(folder, settings), logs, work)


def check_titles(teachers: Sequence[Trained], recipe: Recipe) -> None:
    """Raises BadRecipe for no teachers, and for one that reads titles otherwise than ``recipe``."""
    if not teachers:
        raise BadRecipe("a student needs a teacher at least")
    mine = text_sources(recipe)["title"]
    for number, teacher in enumerate(teachers, 1):
        theirs = teacher.sources["title"]
        if theirs != mine:
            raise BadRecipe(
                f"title_tokens: teacher {number} reads {_told(theirs)}, its student {_told(mine)}"
            )


@dataclass(frozen=True, eq=False)
class Answers:
    """What a recommender makes of a batch: news (U×E), readers (B×E), scores (B×C)."""

    news_UE: Tensor
    users_BE: Tensor
    scores_BC: Tensor


def answers_of(users: OneVector, news_UE: Tensor, batch: Batch) -> Answers:
    """By the vectors of the batch's distinct news."""
    users_BE = users(news_UE[batch.history_BH], batch.mask_BH, None)
    scores_BC = torch.einsum("bce,be->bc", news_UE[batch.candidates_BC], users_BE)
    return Answers(news_UE, users_BE, scores_BC)


@dataclass(frozen=True, eq=False)
class Teacher:
    """What Stage II asks of a teacher: its vectors of all news, and its user encoder, both fixed.

    A reader's vector is found at each step: it costs an attention over a few vectors that are
    there already, less than to read it back would, and serves every cut of a history.
    """

    news_NE: Float32
    users: OneVector

    @property
    def dimension(self) -> int:
        """E."""
        return int(self.news_NE.shape[1])

    @torch.no_grad()
    def answers(self, batch: Batch) -> Answers:
        """On the batch's device."""
        device = batch.rows_U.device
        news_UE = torch.from_numpy(self.news_NE[batch.rows_U.cpu().numpy()]).to(device)
        users = self.users.to(device)
        return answers_of(users, news_UE, batch)


def teacher_of(trained: Trained, log: ImpressionLog, kept: Path) -> Teacher:
    """A fine-tuned recommender as a teacher over a log; its tokens and vectors are kept in a
    folder.
    """
    recommender, device = trained.recommender, accelerator(trained.recipe.training).device
    if not isinstance(recommender.users, OneVector) or recommender.long_term is not None:
        raise BadRecipe(f"{trained.recipe.name}: a teacher's reader is one vector, by clicks alone")
    rows = log.seen()
    features = features_of(log.news, trained.tokenizer, trained.sources, trained.vocabularies, kept)
    digest = hashlib.sha256(digest_of(recommender.news.state_dict()).encode())
    digest.update(rows.tobytes())
    for table in features.texts.values():
        digest.update(np.ascontiguousarray(table.ids_NT).tobytes())

    def fill(values_NE: Float32) -> None:
        encoder = copy.deepcopy(recommender.news).to(device)
        tokens = keep(encoder, features, rows, device)
        values_NE[:] = vectors_of(encoder, tokens, rows, device).cpu().numpy()

    path = kept / f"news-{digest.hexdigest()[:20]}.npy"
    news_NE = mapped(path, (len(log.news), recommender.news.dimension), fill)
    users = copy.deepcopy(recommender.users).eval().requires_grad_(False)
    return Teacher(news_NE, users)


def ensemble_scores(teachers: Sequence[Trained], log: ImpressionLog) -> Float64:
    """The mean of the teachers' scores of every candidate (S): Ensemble-Teacher; of one, its own.

    Raises BadRecipe for no teachers.
    """
    if not teachers:
        raise BadRecipe("an ensemble needs a teacher at least")
    scores: Float64 = np.mean([_scores(teacher, log) for teacher in teachers], axis=0)
    return scores


def ensemble_report(teachers: Sequence[Trained], log: ImpressionLog) -> Report:
    """The ensemble's metrics on a log, or one recommender's. Raises NothingToEvaluate."""
    return evaluate_scores(log, ensemble_scores(teachers, log))


def _scores(trained: Trained, log: ImpressionLog) -> Float64:
    device = accelerator(trained.recipe.training).device
    features = features_of(log.news, trained.tokenizer, trained.sources, trained.vocabularies)
    recommender = copy.deepcopy(trained.recommender).to(device)
    kept = keep(recommender.news, features, log.seen(), device)
    length = trained.recipe.training.history_length
    return scores_of(recommender, kept, log, trained.readers, length, device)


def _told(source: TextSource) -> str:
    return f"{source.max_tokens} tokens of {source.template!r}"
