"""Frozen late fusion: vectors straight from an encoder's folder, and nothing that is trained.

Shapes: N news, D dimensions.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch

from model_store.late_fusion import FUSIONS
from model_store.user_models import LateFusion
from training.adaptation.choice import LateFusionMrr
from training.adaptation.whole import Float32, WholeEncoder, load_whole
from training.data.impressions import ImpressionLog
from training.data.ragged import Int64
from training.data.texts import evenly
from training.evaluation.retrieval import retrieved
from training.evaluation.served import Float16, score
from training.export.centring import centred
from training.progress import tracked
from training.studies.nase.exam import Exam, cells
from training.studies.nase.settings import Measuring
from training.studies.study import Float64, Sample

PIVOT: Final = "en"
CHUNK: Final = 1024


def late_fusion_cells(
    folder: Path, prefix: str | None, exam: Exam, measuring: Measuring
) -> dict[str, Sample]:
    """Every cell of an encoder by late fusion: bare, as the paper has it, then under ``centred-``
    minus the mean of the training days' titles, and retrieval.

    Raises UnusableEncoder, and BadRecipe for more tokens than it reads.
    """
    encoder = _loaded(folder, measuring.max_tokens, prefix)
    rows = exam.seen()
    bare_ND = _vectors(encoder, exam.log, rows)
    known = np.array(evenly(exam.days.training.seen().tolist(), measuring.centring), np.int64)
    centre_D = _vectors(encoder, exam.log, known)[known].astype(np.float32).mean(axis=0)
    centred_ND = np.zeros_like(bare_ND)
    centred_ND[rows] = centred(bare_ND[rows].astype(np.float32), centre_D, normalised=True)

    def cells_of(vectors_ND: Float16) -> dict[str, Sample]:
        return cells(exam, lambda log: _scores(log, vectors_ND, measuring.history_length))

    moved = {f"centred-{column}": sample for column, sample in cells_of(centred_ND).items()}
    return cells_of(bare_ND) | moved | retrieval_cells(encoder.vectors, exam)


def retrieval_cells(
    vectors_of: Callable[[Sequence[str]], Float32], exam: Exam
) -> dict[str, Sample]:
    """Is a sentence's translation the nearest? English with each language, and the mean of all.

    ``vectors_of`` makes the vectors of texts (N×D), at length 1. A document's sentences are drawn
    together.
    """
    vectors = {one: vectors_of(lines) for one, lines in exam.sentences.items()}
    english_ND = vectors.pop(PIVOT)
    found = {one: retrieved(english_ND, of_it_ND) for one, of_it_ND in vectors.items()}
    _, document_N = np.unique(exam.documents, return_inverse=True)
    mean_N: Float64 = np.mean(list(found.values()), axis=0)
    return {
        f"retrieval/{one}": Sample(found_N, document_N)
        for one, found_N in {"mean": mean_N, **found}.items()
    }


def choosing_figure(folder: Path, prefix: str | None, exam: Exam, max_tokens: int) -> float:
    """What variants are chosen by: the mean MRR over the validation's languages."""
    return LateFusionMrr(exam.choosing)(_loaded(folder, max_tokens, prefix))


def _loaded(folder: Path, max_tokens: int, prefix: str | None) -> WholeEncoder:
    encoder = load_whole(folder, max_tokens, prefix)
    encoder.module.to(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    return encoder


def _vectors(encoder: WholeEncoder, log: ImpressionLog, rows: Int64) -> Float16:
    """The titles' vectors of ``rows`` at their places (N×D), as the service rounds them."""
    titles = log.news.frame["title"][rows].to_list()
    order = np.argsort([len(title) for title in titles], kind="stable")
    vectors_ND = None
    starts = range(0, len(order), CHUNK)
    for first in tracked(starts, f"Encoding {len(rows):,} titles", len(starts)):
        some = order[first : first + CHUNK]
        found_BD = encoder.vectors([titles[place] for place in some])
        if vectors_ND is None:
            vectors_ND = np.zeros((len(log.news), found_BD.shape[1]), np.float16)
        vectors_ND[rows[some]] = found_BD
    assert vectors_ND is not None  # a log that is measured names news
    return vectors_ND


def _scores(log: ImpressionLog, vectors_ND: Float16, history_length: int) -> Float64:
    return score(log, vectors_ND, LateFusion(FUSIONS["mean"]), history_length)
