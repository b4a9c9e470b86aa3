"""The encoder that we ship beside its teacher, multilingual-e5-small: quality, languages, speed.

Both are measured in the int8 that they are served in, the teacher centred on what ours is
centred on, our own headlines (evenly 4,000 of them), so that neither knows anything of what it is
measured on. For comparison both are also centred on the training days' titles, as a newsroom
would do with its own.

    python -m bench.shipped --teacher FOLDER [--model NAME --model-store FOLDER]
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.data import MIND, NTREX, REPOSITORY, sentences, titles
from bench.machine import describe
from model_store.artefact import Artefact
from model_store.inputs import ArticleReader, NewsInputs
from model_store.news_encoder import NewsEncoder
from model_store.store import ModelStore
from model_store.user_models import user_model
from training.corpus.sources import headlines, ntrex
from training.data.impressions import ImpressionLog
from training.data.logs import read_logs
from training.distillation.distil import PREFIX
from training.evaluation.evaluate import evaluate_on
from training.evaluation.report import evaluate_scores
from training.evaluation.retrieval import parallel_retrieval
from training.evaluation.served import score
from training.export.centring import centred
from training.export.from_folder import Wishes, export_folder

RESULTS = REPOSITORY / "bench" / "out" / "shipped.json"
ROUNDS = 5
SPEED_TEXTS = 1_000
CENTRING_TEXTS = 4_000


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


def main() -> None:
    """Measure, print tables, and write ``bench/out/shipped.json``."""
    options = _options()
    ours = ModelStore.at(options.model_store).load(options.model)
    with tempfile.TemporaryDirectory() as folder:
        teacher = _teacher(options.teacher, Path(folder))
        languages = [code for code in ours.manifest.languages if code != "en"]
        quality = {a.manifest.name: _quality(a, languages) for a in (ours, teacher)}
        speed = _speeds({a.manifest.name: a for a in (ours, teacher)})
    _print(ours.manifest.name, teacher.manifest.name, quality, speed)
    found = {name: asdict(value) for name, value in quality.items()}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(
        json.dumps({"machine": describe(), "quality": found, "texts_per_second": speed}, indent=2)
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", type=Path, required=True, help="a Hugging Face folder")
    parser.add_argument("--model-store", type=Path, help="left out: the shipped encoders")
    parser.add_argument("--model", default="newsstand-mini")
    return parser.parse_args()


def _teacher(folder: Path, store: Path) -> Artefact:
    """The teacher in int8, centred on what ours is centred on."""
    lines = store / "headlines.txt"
    lines.write_text("\n".join(passage.text for passage in headlines.read(Path())), "utf-8")
    wishes = Wishes(prefix=PREFIX, centring_texts=(lines,), centring_limit=CENTRING_TEXTS)
    return export_folder(folder, store, "teacher", wishes)


def _quality(artefact: Artefact, languages: Sequence[str]) -> Quality:
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


def _speeds(artefacts: Mapping[str, Artefact]) -> dict[str, dict[str, float]]:
    """Texts a second on one core, in turn; the median of the rounds."""
    corpora = {
        "MIND titles": titles(SPEED_TEXTS)[1],
        "NTREX sentences": sentences()[:: len(sentences()) // SPEED_TEXTS],
    }
    encoders = {name: NewsEncoder(a, "int8", threads=1) for name, a in artefacts.items()}
    readers = {name: ArticleReader.of(a.manifest).read for name, a in artefacts.items()}
    found: dict[str, dict[str, float]] = {}
    for corpus, texts in corpora.items():
        news = {name: [read({"title": text}) for text in texts] for name, read in readers.items()}
        rounds = [
            {name: _texts_per_second(encoders[name], news[name]) for name in encoders}
            for _ in range(ROUNDS)
        ]
        found[corpus] = {name: median(r[name] for r in rounds) for name in encoders}
        first, second = encoders
        found[corpus]["ratio"] = median(r[first] / r[second] for r in rounds)
    return found


def _texts_per_second(encoder: NewsEncoder, news: Sequence[NewsInputs]) -> float:
    start = time.perf_counter()
    encoder.encode(news)
    return len(news) / (time.perf_counter() - start)


def _print(
    ours: str,
    teacher: str,
    quality: Mapping[str, Quality],
    speed: Mapping[str, Mapping[str, float]],
) -> None:
    console, mine, theirs = Console(), quality[ours], quality[teacher]
    table = Table("", ours, "multilingual-e5-small", "wanted", title=describe())
    rows = (
        ("AUC, late fusion", mine.auc, theirs.auc, "within 0.010"),
        ("AUC, centred on earlier days", mine.auc_own_centre, theirs.auc_own_centre, ""),
        ("retrieval, top-1", mine.mean_retrieval, theirs.mean_retrieval, "0.97 of it"),
    )
    for name, own, other, wanted in rows:
        table.add_row(name, f"{own:.4f}", f"{other:.4f}", wanted)
    for corpus, found in speed.items():
        table.add_row(
            f"texts/s, one core, {corpus}",
            f"{found[ours]:.0f} ({found['ratio']:.2f} times)",
            f"{found[teacher]:.0f}",
            "4 times",
        )
    console.print(table)
    languages = Table("language", ours, "multilingual-e5-small", "of it")
    for language, own in mine.retrieval.items():
        other = theirs.retrieval[language]
        languages.add_row(language, f"{own:.3f}", f"{other:.3f}", f"{own / other:.3f}")
    console.print(languages)
    share = mine.mean_retrieval / theirs.mean_retrieval
    console.print(f"AUC {mine.auc - theirs.auc:+.4f}; retrieval {share:.3f} of the teacher's")


if __name__ == "__main__":
    main()
