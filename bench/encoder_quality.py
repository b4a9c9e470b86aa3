"""What an encoder's vectors are worth: for late fusion on real clicks, and across languages.

Shapes: N texts, D dimensions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.data import MIND, NTREX, titles
from model_store.artefact import Artefact
from model_store.inputs import ArticleReader
from model_store.news_encoder import NewsEncoder
from model_store.user_models import user_model
from training.corpus.sources import ntrex
from training.data.impressions import ImpressionLog
from training.data.logs import read_logs
from training.evaluation.evaluate import evaluate_on
from training.evaluation.report import evaluate_scores
from training.evaluation.retrieval import parallel_retrieval
from training.evaluation.served import score
from training.export.centring import centred


@dataclass(frozen=True)
class Quality:
    """What an encoder's vectors are worth."""

    auc: float
    """Late fusion on the MIND sample's 13 November, as the artefact is."""
    auc_own_centre: float
    """The same, centred on the titles of the days before."""
    retrieval: Mapping[str, float]
    """Top-1 over NTREX's held-out documents, English and a language, both ways."""

    @property
    def mean_retrieval(self) -> float:
        """Over the languages."""
        return float(np.mean(list(self.retrieval.values())))


def quality_of(artefact: Artefact, languages: Sequence[str]) -> Quality:
    """An int8 artefact's, over these languages beside English."""
    encoder = NewsEncoder(artefact, "int8")
    read = ArticleReader.of(artefact.manifest).read

    def encode(texts: Sequence[str]) -> np.ndarray:
        return encoder.encode([read({"title": text}) for text in texts])

    (log,) = read_logs([MIND / "dev"], ())
    evaluation = evaluate_on(artefact, log, "dev", "int8")
    centre_D = encode(titles(60_000)[1]).mean(axis=0)
    return Quality(
        evaluation.report.estimates["auc"].mean,
        _auc_centred(artefact, log, evaluation.vectors_ND, centre_D),
        _retrieval(encode, languages),
    )


def _auc_centred(
    artefact: Artefact, log: ImpressionLog, vectors_ND: np.ndarray, centre_D: np.ndarray
) -> float:
    """AUC with vectors minus another mean."""
    seen = np.linalg.norm(vectors_ND, axis=1) > 0
    moved_ND = centred(vectors_ND.astype(np.float32), centre_D, normalised=True)
    moved_ND[~seen] = 0
    length = artefact.manifest.scoring.history_length
    scores_S = score(log, moved_ND.astype(np.float16), user_model(artefact), length)
    return evaluate_scores(log, scores_S).estimates["auc"].mean


def _retrieval(
    encode: Callable[[Sequence[str]], np.ndarray], languages: Sequence[str]
) -> dict[str, float]:
    rows = ntrex.held_out_lines(NTREX)
    vectors = {
        language: encode([lines[row] for row in rows])
        for name, language in ntrex.LANGUAGES.items()
        if language in {"en", *languages}
        for lines in [ntrex.sentences(NTREX, name)]
    }
    english_ND = vectors.pop("en")
    return {name: parallel_retrieval(english_ND, v_ND) for name, v_ND in sorted(vectors.items())}
