"""Stage I: a student is post-trained under teachers that are copies from one post-training.

The teachers' vectors of all titles and bodies are found once and memory-mapped; a step walks the
student alone.

Shapes: N pairs, V distinct titles, M teachers, U distinct titles of a batch, B bodies,
C candidates, D dimensions of the student, E of a teacher.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from training.checkpoints import digest_of
from training.compression.first_layers import first_layers
from training.compression.multi_teacher import distances, total
from training.compression.projections import Projections
from training.compression.settings import Losses, StageOne
from training.course.course import make_folder
from training.course.lesson import Rng
from training.data.ragged import Int64
from training.data.tokens import TokenTable
from training.encoding import Float32, mapped
from training.errors import BadRecipe
from training.loop import accelerator
from training.models.text import TextEncoder
from training.post_training.contrastive import (
    Matching,
    PairBatch,
    check_negatives,
    matching_scores,
    news_tower,
    texts,
)
from training.post_training.copies import check_tower, save_encoder
from training.post_training.learning import course_of
from training.post_training.pairs import Pair, PairTokens
from training.progress import tracked

CHUNK: Final = 64
"""Texts of like length that a teacher reads at once."""


@dataclass(frozen=True, eq=False)
class TeacherVectors:
    """One teacher's vectors of all titles (V×E) and bodies (N×E)."""

    titles_VE: Float32
    bodies_NE: Float32


@dataclass(frozen=True, eq=False)
class TaughtBatch:
    """A batch of pairs, and each teacher's vectors of its titles (U×E) and bodies (B×E)."""

    pairs: PairBatch
    titles_MUE: tuple[Tensor, ...]
    bodies_MBE: tuple[Tensor, ...]

    def to(self, device: torch.device) -> "TaughtBatch":
        """The batch on a device."""
        return TaughtBatch(
            self.pairs.to(device),
            tuple(vectors_UE.to(device) for vectors_UE in self.titles_MUE),
            tuple(vectors_BE.to(device) for vectors_BE in self.bodies_MBE),
        )


@dataclass(frozen=True, eq=False)
class TaughtMatching:
    """What is known: how to match bodies with titles, and what the teachers make of both."""

    matching: Matching
    teachers: Sequence[TeacherVectors]

    def __len__(self) -> int:
        return len(self.matching)

    def batch(self, rows: Int64, rng: Rng) -> TaughtBatch:
        """See ``Known``."""
        pairs = self.matching.batch(rows, rng)
        rows_U = pairs.rows_U.numpy()
        return TaughtBatch(
            pairs,
            tuple(torch.from_numpy(teacher.titles_VE[rows_U]) for teacher in self.teachers),
            tuple(torch.from_numpy(teacher.bodies_NE[rows]) for teacher in self.teachers),
        )

    def digest(self) -> str:
        """See ``Known``."""
        digest = hashlib.sha256(self.matching.digest().encode())
        for teacher in self.teachers:
            digest.update(np.ascontiguousarray(teacher.titles_VE).tobytes())
        return digest.hexdigest()


class Pupil(nn.Module):
    """A student beside its teachers: its loss of a batch, ``L₁``."""

    def __init__(self, encoder: TextEncoder, teachers: Sequence[int], losses: Losses) -> None:
        """``teachers`` are the dimensions of the teachers' vectors."""
        super().__init__()
        self.encoder, self.losses = encoder, losses
        self.project = Projections(teachers, encoder.dimension)

    def forward(self, batch: TaughtBatch) -> Tensor:
        """``L₁``, the mean over the bodies. Titles count in it as the bodies' own ones."""
        pairs = batch.pairs
        titles_UD, bodies_BD = self.encoder(*pairs.titles), self.encoder(*pairs.bodies)
        candidates_BC = pairs.candidates_BC
        given = zip(batch.titles_MUE, batch.bodies_MBE, strict=True)
        theirs = [matching_scores(titles, bodies, candidates_BC) for titles, bodies in given]
        own_B = candidates_BC[:, 0]
        of_titles_MB = distances(
            self.project([titles_UE[own_B] for titles_UE in batch.titles_MUE]), titles_UD[own_B]
        )
        of_bodies_MB = distances(self.project(batch.bodies_MBE), bodies_BD)
        scores_BC = matching_scores(titles_UD, bodies_BD, candidates_BC)
        return total(scores_BC, torch.stack(theirs), [of_titles_MB, of_bodies_MB], self.losses)


@dataclass(frozen=True)
class Taught:
    """The student's folder after Stage I, and each epoch's loss."""

    folder: Path
    losses: tuple[float, ...]


def stage_one(
    teachers: Sequence[Path],
    pairs: Sequence[Pair],
    settings: StageOne,
    work: Path,
    vectors: Path | None = None,
) -> Taught:
    """Post-train a student under its teachers; ``work/student`` is a Hugging Face folder then.

    The student begins as the first layers of the last teacher. What was cut off in ``work`` goes
    on. The teachers' vectors are kept in ``vectors``, which several students may share; left out,
    in ``work``.

    Raises BadRecipe for no teachers, for teachers that read other numbers of tokens, for a
    student deeper than its teacher and for too few titles; UnusableEncoder, NotWritable, Diverged.
    """
    if not teachers:
        raise BadRecipe("a student needs a teacher at least")
    for teacher in teachers:
        check_tower(teacher, settings.tower)
    check_negatives(pairs, settings.negatives)
    make_folder(work)
    process, start, tower = accelerator(settings.learning), work / "start", settings.tower
    if process.is_main_process:
        first_layers(teachers[-1], settings.layers, start)
    process.wait_for_everyone()
    encoder, tokenizer = news_tower(start, tower, settings.learning.seed)
    tokens = PairTokens.of(pairs, tokenizer, tower.title_tokens, tower.body_tokens, work / "tokens")
    kept = vectors or work / "vectors"
    known = [vectors_of(teacher, tokens, tokenizer, settings, kept) for teacher in teachers]
    lesson = TaughtMatching(Matching(tokens, settings.negatives), known)
    pupil = Pupil(encoder, [some.titles_VE.shape[1] for some in known], settings.losses)
    course = course_of(pupil, lesson, settings.learning, work, settings.model_dump_json())
    progress = course.finish()
    if process.is_main_process:
        save_encoder(encoder, start, work / "student", tower)
    process.wait_for_everyone()
    return Taught(work / "student", tuple(progress.losses))


def vectors_of(
    teacher: Path, tokens: PairTokens, tokenizer: Tokenizer, settings: StageOne, kept: Path
) -> TeacherVectors:
    """A teacher's vectors of all titles and bodies, found once and kept in a folder.

    Raises BadRecipe for a teacher with another tokenizer than the student's.
    """
    encoder, theirs = news_tower(teacher, settings.tower, settings.learning.seed)
    check_tokenizers(teacher, theirs, tokenizer)
    device = accelerator(settings.learning).device
    encoder.to(device).eval()
    weights = digest_of(encoder.state_dict())

    def read(name: str, table: TokenTable) -> Float32:
        digest = hashlib.sha256(weights.encode())
        digest.update(np.ascontiguousarray(table.ids_NT).tobytes() + table.lengths_N.tobytes())
        path = kept / f"{name}-{digest.hexdigest()[:20]}.npy"
        shape = (len(table), encoder.dimension)
        return mapped(path, shape, lambda values: _walk(encoder, table, device, values))

    return TeacherVectors(read("titles", tokens.titles), read("bodies", tokens.bodies))


def check_tokenizers(teacher: Path, theirs: Tokenizer, students: Tokenizer) -> None:
    """Raises BadRecipe unless both read the same vocabulary."""
    if theirs.get_vocab() != students.get_vocab():
        raise BadRecipe(f"{teacher} has another vocabulary than its student")


@torch.inference_mode()
def _walk(encoder: TextEncoder, table: TokenTable, device: torch.device, values: Float32) -> None:
    order = np.argsort(table.lengths_N, kind="stable")
    starts = range(0, len(order), CHUNK)
    for first in tracked(starts, "A teacher reads", len(starts)):
        rows = order[first : first + CHUNK]
        ids_BT, mask_BT = texts(table, rows)
        values[rows] = encoder(ids_BT.to(device), mask_BT.to(device)).float().cpu().numpy()
