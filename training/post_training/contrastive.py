"""Domain-specific post-training: a news item's body finds its title among others.

Yu et al., Tiny-NewsRec (EMNLP 2022): ``−log softmax`` of ``h_body · h_title`` for the matching
title among N random ones.

Shapes: N pairs, V distinct titles, B batch, C candidates (the matching title first), U distinct
titles of a batch, T tokens, D dimensions.
"""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from training.course.course import make_folder
from training.course.lesson import Rng, steps_of_epoch
from training.data.ragged import Int64
from training.data.tokens import TokenTable
from training.errors import BadRecipe
from training.models.build import build_text_encoder
from training.models.text import TextEncoder, Tokens
from training.objective import nce
from training.post_training.copies import COPIES, copy_at, last_copies, save_encoder
from training.post_training.learning import course_of
from training.post_training.pairs import Pair, PairTokens
from training.post_training.settings import PostTraining, TitleTower

Texts = tuple[Tensor, Tensor]
"""Token ids and their mask, T for each text."""


@dataclass(frozen=True, eq=False)
class PairBatch:
    """Distinct titles, bodies, and for each body its candidates' places among the titles."""

    rows_U: Tensor
    rows_B: Tensor
    titles: Texts
    bodies: Texts
    candidates_BC: Tensor

    def to(self, device: torch.device) -> "PairBatch":
        """The batch on a device."""
        return PairBatch(
            self.rows_U.to(device),
            self.rows_B.to(device),
            (self.titles[0].to(device), self.titles[1].to(device)),
            (self.bodies[0].to(device), self.bodies[1].to(device)),
            self.candidates_BC.to(device),
        )


@dataclass(frozen=True, eq=False)
class Matching:
    """What is known: pairs, and so many titles of other news for each body."""

    tokens: PairTokens
    negatives: int

    def __len__(self) -> int:
        return len(self.tokens)

    def batch(self, rows: Int64, rng: Rng) -> PairBatch:
        """See ``Known``."""
        candidates_BC = self.candidates(rows, rng)
        rows_U, places = np.unique(candidates_BC, return_inverse=True)
        return PairBatch(
            rows_U=torch.from_numpy(rows_U),
            rows_B=torch.from_numpy(rows),
            titles=texts(self.tokens.titles, rows_U),
            bodies=texts(self.tokens.bodies, rows),
            candidates_BC=torch.from_numpy(places.reshape(candidates_BC.shape)),
        )

    def candidates(self, rows: Int64, rng: Rng) -> Int64:
        """The pairs' own titles, then others (B×C), all different in a row."""
        own_B1 = self.tokens.title_N[rows][:, np.newaxis]
        others = len(self.tokens.titles) - 1
        drawn = [rng.choice(others, self.negatives, replace=False) for _ in rows]
        drawn_BL = np.array(drawn, np.int64)
        return np.concatenate([own_B1, drawn_BL + (drawn_BL >= own_B1)], axis=1)

    def digest(self) -> str:
        """See ``Known``."""
        digest = hashlib.sha256(str(self.negatives).encode())
        for table in (self.tokens.titles, self.tokens.bodies):
            digest.update(np.ascontiguousarray(table.ids_NT).tobytes())
            digest.update(table.lengths_N.tobytes())
        digest.update(self.tokens.title_N.tobytes())
        return digest.hexdigest()


class Contrastive(nn.Module):
    """A news encoder that learns to match: its loss of a batch."""

    def __init__(self, encoder: TextEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, batch: PairBatch) -> Tensor:
        """The mean loss of the bodies."""
        titles_UD, bodies_BD = self.encoder(*batch.titles), self.encoder(*batch.bodies)
        return nce(matching_scores(titles_UD, bodies_BD, batch.candidates_BC), 1.0)


@dataclass(frozen=True)
class PostTrained:
    """What came of it: the last copies of the encoder, oldest first, and each epoch's loss."""

    copies: tuple[Path, ...]
    losses: tuple[float, ...]

    @property
    def newest(self) -> Path:
        """The encoder as it was saved last."""
        return self.copies[-1]


def post_train(
    folder: Path, pairs: Sequence[Pair], settings: PostTraining, work: Path
) -> PostTrained:
    """Post-train the encoder of a Hugging Face folder; what was cut off in ``work`` goes on.

    Raises BadRecipe for too few titles, or too few steps for the copies that are to stay, and
    UnusableEncoder, NotWritable, Diverged.
    """
    check_negatives(pairs, settings.negatives)
    check_steps(len(pairs), settings)
    make_folder(work)
    tower = settings.tower
    encoder, tokenizer = news_tower(folder, tower, settings.learning.seed)
    tokens = PairTokens.of(pairs, tokenizer, tower.title_tokens, tower.body_tokens, work / "tokens")

    def keep(steps: int) -> None:
        if steps % settings.save_steps == 0:
            save_encoder(encoder, folder, copy_at(work, steps), tower)
            _forget(work, settings.copies)

    matching = Matching(tokens, settings.negatives)
    course = course_of(
        Contrastive(encoder), matching, settings.learning, work, settings.model_dump_json()
    )
    progress = course.finish(watch=keep)
    return PostTrained(tuple(last_copies(work, settings.copies)), tuple(progress.losses))


def news_tower(folder: Path, tower: TitleTower, seed: int) -> tuple[TextEncoder, Tokenizer]:
    """The news encoder over a Hugging Face folder, and its tokenizer; what the folder does not
    hold of it is fresh, under the seed. Raises UnusableEncoder, BadRecipe.
    """
    encoder, tokenizer = build_text_encoder(tower.over(folder), seed)
    assert isinstance(encoder.trained, Tokens)
    transformer: Any = encoder.trained.transformer
    transformer.set_attn_implementation("sdpa")  # bodies are long
    return encoder, tokenizer


def check_negatives(pairs: Sequence[Pair], negatives: int) -> None:
    """Raises BadRecipe where a body has fewer other titles than that."""
    others = len({pair.title for pair in pairs}) - 1
    if others < negatives:
        raise BadRecipe(
            f"negatives: {negatives} other titles are wanted for a body, and there are "
            f"{max(others, 0)}"
        )


def steps_of(pairs: int, settings: PostTraining) -> int:
    """Of the whole course over so many pairs."""
    learning = settings.learning
    return learning.epochs * steps_of_epoch(pairs, learning.batch_size)


def check_steps(pairs: int, settings: PostTraining) -> None:
    """Raises BadRecipe where so many pairs make too few steps for the copies that are to stay."""
    steps = steps_of(pairs, settings)
    if steps // settings.save_steps < settings.copies:
        raise BadRecipe(
            f"save_steps: {steps} steps leave {steps // settings.save_steps} copies, and "
            f"{settings.copies} are to stay; lower save_steps"
        )


def matching_scores(titles_UD: Tensor, bodies_BD: Tensor, candidates_BC: Tensor) -> Tensor:
    """``h_body · h_title`` of each body with its candidates (B×C)."""
    return torch.einsum("bcd,bd->bc", titles_UD[candidates_BC], bodies_BD)


def texts(table: TokenTable, rows: Int64) -> Texts:
    """The rows' ids and mask."""
    ids_BT, mask_BT = table.batch(rows)
    return torch.from_numpy(ids_BT), torch.from_numpy(mask_BT)


def _forget(work: Path, copies: int) -> None:
    """Remove the copies that newer ones came after."""
    for older in sorted((work / COPIES).glob("[0-9]" * 7))[:-copies]:
        shutil.rmtree(older)
