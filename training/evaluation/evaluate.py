"""``newsstand-train evaluate``: an artefact on a click log, as the service would score it.

Shapes: N news, D dimensions, S all candidates of a log.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from model_store.artefact import Artefact
from model_store.inputs import ArticleReader
from model_store.manifest import Precision
from model_store.news_encoder import NewsEncoder
from model_store.user_models import user_model
from training.data.impressions import ImpressionLog
from training.data.logs import read_logs
from training.evaluation.baselines import baseline_scores
from training.evaluation.beyond import beyond_accuracy
from training.evaluation.comparison import compare
from training.evaluation.groups import GROUPINGS, group_table
from training.evaluation.pages import ReportContent
from training.evaluation.report import Report, evaluate_scores
from training.evaluation.served import encode_news, score


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A report, what was evaluated on what, and the scores and vectors behind it."""

    model: str
    precision: Precision
    data: str
    history_length: int
    log: ImpressionLog
    scores_S: NDArray[np.float64]
    vectors_ND: NDArray[np.float16]
    report: Report

    @property
    def news(self) -> int:
        """How many news the log names."""
        return len(self.log.seen())

    def as_json(self) -> dict[str, JsonValue]:
        """The model's own figures."""
        return {
            "model": self.model,
            "precision": self.precision,
            "data": self.data,
            "history_length": self.history_length,
            "news": self.news,
            "impressions": self.report.impressions,
            "single_class": self.report.single_class,
            "empty_history": self.report.empty_history,
            "metrics": {name: asdict(mean) for name, mean in self.report.estimates.items()},
        }


def evaluate_artefact(
    artefact: Artefact,
    data: Path,
    more_news: Sequence[Path] = (),
    precision: Precision | None = None,
) -> Evaluation:
    """Score a log's impressions with the artefact, as the service would on a CPU.

    ``data`` is a folder that ``read_logs`` knows; ``more_news`` are further folders or
    ``news.tsv`` files. Without ``precision`` it is the one that the service chooses.

    Raises UnreadableData, NothingToEvaluate for data without an impression of both classes, and
    Damaged if the artefact lacks the precision.
    """
    (log,) = read_logs([data], more_news)
    return evaluate_on(artefact, log, str(data), precision)


def evaluate_on(
    artefact: Artefact, log: ImpressionLog, data: str, precision: Precision | None = None
) -> Evaluation:
    """The same over a log that was read; ``data`` is its name."""
    manifest = artefact.manifest
    encoder = NewsEncoder(artefact, precision or manifest.best_precision("cpu"))
    vectors_ND = encode_news(encoder, ArticleReader.of(manifest), log.news, log.seen())
    length = manifest.scoring.history_length
    scores_S = score(log, vectors_ND, user_model(artefact), length)
    return Evaluation(
        model=manifest.reference,
        precision=encoder.precision,
        data=data,
        history_length=length,
        log=log,
        scores_S=scores_S,
        vectors_ND=vectors_ND,
        report=evaluate_scores(log, scores_S),
    )


def whole_report(
    evaluation: Evaluation, prior: ImpressionLog | None, against: Evaluation | None = None
) -> ReportContent:
    """The evaluation beside the baselines, which know the clicks of ``prior`` (an earlier log over
    the same news), and beside another artefact on the same log.

    Raises Leak for a prior that reaches into what is evaluated.
    """
    log = evaluation.log
    scores = {evaluation.model: evaluation.scores_S} | baseline_scores(log, prior)
    if against is not None:
        scores[_name(against, evaluation)] = against.scores_S
    systems = {name: evaluate_scores(log, scores_S) for name, scores_S in scores.items()}
    vectors_ND = evaluation.vectors_ND
    return ReportContent(
        title=f"{evaluation.model} on {evaluation.data}",
        facts=_facts(evaluation),
        systems=systems,
        groups={
            name: group_table(evaluation.report, group(log)) for name, group in GROUPINGS.items()
        },
        beyond={
            name: beyond_accuracy(log, scores_S, vectors_ND, prior)
            for name, scores_S in scores.items()
        },
        comparisons={
            name: compare(evaluation.report, report, log)
            for name, report in systems.items()
            if name != evaluation.model
        },
    )


def _name(against: Evaluation, evaluation: Evaluation) -> str:
    same = against.model == evaluation.model
    return f"{against.model} ({against.precision})" if same else against.model


def _facts(evaluation: Evaluation) -> dict[str, str]:
    return {
        "model": evaluation.model,
        "precision": evaluation.precision,
        "data": evaluation.data,
        "impressions": f"{evaluation.report.impressions:,}",
        "news": f"{evaluation.news:,}",
        "history": f"the newest {evaluation.history_length} clicks",
    }
