"""``newsstand-train evaluate``: an artefact on a click log in MIND's format."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import JsonValue

from model_store.artefact import Artefact
from model_store.late_fusion import FUSIONS
from model_store.manifest import Precision
from model_store.news_encoder import NewsEncoder
from training.data import mind
from training.errors import NothingToEvaluate
from training.evaluation.late_fusion import encode_news, needed, score
from training.evaluation.report import Report, evaluate_scores


@dataclass(frozen=True)
class Evaluation:
    """A report, and what was evaluated on what."""

    model: str
    precision: Precision
    data: str
    history_length: int
    news: int
    report: Report

    def as_json(self) -> dict[str, JsonValue]:
        """All of it but the single impressions' values."""
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

    ``data`` is a folder with ``behaviors.tsv`` and ``news.tsv``; ``more_news`` are further
    folders or ``news.tsv`` files. Without ``precision`` it is the one that the service chooses.

    Raises UnreadableData, NothingToEvaluate for an artefact that is not scored by late fusion, or
    data without an impression of both classes, and Damaged if the artefact lacks the precision.
    """
    manifest = artefact.manifest
    if manifest.scoring.kind != "late_fusion":
        raise NothingToEvaluate(
            f"{manifest.reference} is scored by {manifest.scoring.kind}; "
            "this release evaluates late fusion only"
        )
    news = mind.read_all_news(_news_files(data, more_news))
    impressions = list(mind.read_impressions(data / mind.BEHAVIOURS, known=news))
    wanted = [news[news_id] for news_id in needed(impressions)]
    encoder = NewsEncoder(artefact, precision or manifest.best_precision("cpu"))
    vectors = encode_news(encoder, manifest.text.template, wanted)
    history_length = manifest.scoring.history_length
    fusion = FUSIONS[manifest.scoring.fusion]
    report = evaluate_scores(impressions, score(impressions, vectors, history_length, fusion))
    return Evaluation(
        model=manifest.reference,
        precision=encoder.precision,
        data=str(data),
        history_length=history_length,
        news=len(wanted),
        report=report,
    )


def _news_files(data: Path, more_news: Sequence[Path]) -> list[Path]:
    """The log's own news first, if it has any, then the others'."""
    own = data / mind.NEWS
    files = [path / mind.NEWS if path.is_dir() else path for path in more_news]
    return [own, *files] if own.is_file() or not files else files
