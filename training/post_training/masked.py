"""Masked language modelling: some tokens are hidden, and a transformer guesses them.

Devlin et al., BERT (2019), as Gururangan et al. (2020) post-train with it: on texts of the domain
(DAPT: news), or on the task's own (TAPT: the titles that readers saw).

Shapes: N texts, B batch, T tokens, V vocabulary.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import AutoModelForMaskedLM

from training.course.course import make_folder
from training.course.lesson import Rng
from training.data.impressions import ImpressionLog
from training.data.ragged import Int64
from training.data.tokens import TokenTable, tokenise
from training.encoders.folder import read_folder
from training.encoders.huggingface import (
    load_encoder,
    load_tokenizer,
    most_tokens,
    save_transformer,
)
from training.encoders.sentence_encoder import further_inputs
from training.errors import BadRecipe, UnusableEncoder
from training.post_training.learning import course_of
from training.post_training.pairs import Pair
from training.post_training.settings import Masking
from training.precision import single
from training.quiet import quiet

MASKS: Final = ("[MASK]", "<mask>")
UNASKED: Final = -100
"""In the place of a token that is not to be guessed."""


@dataclass(frozen=True)
class Hiding:
    """What tokens are hidden with: the mask, and the ids that may stand in for others."""

    mask_id: int
    words_V: Int64
    share: float
    hidden: float
    swapped: float

    @classmethod
    def of(cls, tokenizer: Tokenizer, settings: Masking) -> "Hiding":
        """As the settings say. Raises UnusableEncoder for a tokenizer without a mask."""
        ids = (tokenizer.token_to_id(token) for token in MASKS)
        mask_id = next((found for found in ids if found is not None), None)
        if mask_id is None:
            raise UnusableEncoder(f"the tokenizer has no mask ({' or '.join(MASKS)})")
        added = tokenizer.get_added_tokens_decoder()
        special = [place for place, token in added.items() if token.special]
        words_V = np.setdiff1d(np.arange(tokenizer.get_vocab_size()), [*special, mask_id])
        return cls(mask_id, words_V, settings.share, settings.hidden, settings.swapped)

    def __call__(self, ids_BT: Int64, mask_BT: Int64, rng: Rng) -> tuple[Int64, Int64]:
        """What the transformer is given, and what it is to guess (B×T; ``UNASKED`` elsewhere).

        Each word is asked for with the same chance; special tokens and padding never are.
        """
        words_BT = (mask_BT == 1) & np.isin(ids_BT, self.words_V)
        asked_BT = words_BT & (rng.random(ids_BT.shape) < self.share)
        fate_BT = rng.random(ids_BT.shape)
        others_BT = rng.choice(self.words_V, ids_BT.shape)
        given_BT = np.where(asked_BT & (fate_BT < self.hidden), self.mask_id, ids_BT)
        swapped_BT = (fate_BT >= self.hidden) & (fate_BT < self.hidden + self.swapped)
        given_BT = np.where(asked_BT & swapped_BT, others_BT, given_BT)
        return given_BT, np.where(asked_BT, ids_BT, UNASKED)


@dataclass(frozen=True, eq=False)
class MaskedBatch:
    """What is given, its mask, and what is to be guessed (B×T each)."""

    ids_BT: Tensor
    mask_BT: Tensor
    asked_BT: Tensor

    def to(self, device: torch.device) -> "MaskedBatch":
        """The batch on a device."""
        return MaskedBatch(
            self.ids_BT.to(device), self.mask_BT.to(device), self.asked_BT.to(device)
        )


@dataclass(frozen=True, eq=False)
class Guessing:
    """What is known: texts, and how their tokens are hidden, anew in every epoch."""

    tokens: TokenTable
    hiding: Hiding

    def __len__(self) -> int:
        return len(self.tokens)

    def batch(self, rows: Int64, rng: Rng) -> MaskedBatch:
        """See ``Known``."""
        ids_BT, mask_BT = self.tokens.batch(rows)
        given_BT, asked_BT = self.hiding(ids_BT, mask_BT, rng)
        return MaskedBatch(*map(torch.from_numpy, (given_BT, mask_BT, asked_BT)))

    def digest(self) -> str:
        """See ``Known``."""
        digest = hashlib.sha256(np.ascontiguousarray(self.tokens.ids_NT).tobytes())
        digest.update(self.tokens.lengths_N.tobytes())
        return digest.hexdigest()


class MaskedModel(nn.Module):
    """A transformer with a head that guesses: its loss of a batch."""

    def __init__(self, whole: Any) -> None:
        super().__init__()
        self.whole = whole

    def forward(self, batch: MaskedBatch) -> Tensor:
        """The mean loss of what is asked for; zero where nothing is."""
        extra = further_inputs(self.whole.base_model, batch.mask_BT)
        logits_BTV = self.whole(
            input_ids=batch.ids_BT, attention_mask=batch.mask_BT, **extra
        ).logits
        asked = batch.asked_BT.flatten()
        summed = cross_entropy(
            single(logits_BTV).flatten(0, 1), asked, ignore_index=UNASKED, reduction="sum"
        )
        return summed / (asked != UNASKED).sum().clamp(min=1)


@dataclass(frozen=True)
class Guessed:
    """A Hugging Face folder that learned to guess, and each epoch's loss."""

    folder: Path
    losses: tuple[float, ...]


def guess_masked(folder: Path, texts: Sequence[str], settings: Masking, work: Path) -> Guessed:
    """Post-train a Hugging Face folder's transformer on the texts; ``work/encoder`` holds it then.

    A head that the folder lacks is fresh, under the seed. Raises UnusableEncoder for a folder or
    tokenizer that cannot do it, BadRecipe for no texts or too long ones, NotWritable, Diverged.
    """
    tokenizer, hiding = reading(folder, settings)
    make_folder(work)
    whole = _with_head(read_folder(folder).transformer, settings.learning.seed)
    some = [text for text in dict.fromkeys(texts) if text]
    tokens = tokenise(tokenizer, some, settings.max_tokens, work / "tokens")
    lesson = Guessing(tokens, hiding)
    identity = settings.model_dump_json()
    course = course_of(MaskedModel(whole), lesson, settings.learning, work, identity)
    progress = course.finish()
    target = work / "encoder"
    if course.process.is_main_process:
        target.mkdir(exist_ok=True)
        save_transformer(whole.base_model, read_folder(folder), target)
    course.process.wait_for_everyone()
    return Guessed(target, tuple(progress.losses))


def reading(folder: Path, settings: Masking) -> tuple[Tokenizer, Hiding]:
    """The folder's tokenizer, and how tokens are hidden.

    Raises UnusableEncoder for a tokenizer without a mask, BadRecipe for too long texts.
    """
    source = read_folder(folder)
    tokenizer = load_tokenizer(source)
    most = most_tokens(load_encoder(source, "mean"))
    if most is not None and settings.max_tokens > most:
        raise BadRecipe(f"max_tokens: {folder} reads at most {most}, not {settings.max_tokens}")
    return tokenizer, Hiding.of(tokenizer, settings)


def texts_of_domain(pairs: Sequence[Pair]) -> list[str]:
    """What DAPT reads: news, title and body."""
    return [f"{pair.title} {pair.body}" for pair in pairs]


def texts_of_task(log: ImpressionLog) -> list[str]:
    """What TAPT reads: the titles of the news in a log."""
    return [title for title in log.news.take(log.seen()).column("title") if title]


def _with_head(folder: Path, seed: int) -> Any:
    torch.manual_seed(seed)
    with quiet():
        try:
            return AutoModelForMaskedLM.from_pretrained(
                folder, dtype=torch.float32, local_files_only=True
            )
        except ValueError as error:
            raise UnusableEncoder(f"{folder} holds no masked language model's encoder") from error
