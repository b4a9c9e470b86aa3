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
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.data import REPOSITORY, sentences, titles
from bench.encoder_quality import Quality, quality_of
from bench.machine import describe
from model_store.artefact import Artefact
from model_store.inputs import ArticleReader, NewsInputs
from model_store.news_encoder import NewsEncoder
from model_store.store import ModelStore
from training.corpus.sources import headlines
from training.distillation.distil import PREFIX
from training.export.from_folder import Wishes, export_folder

RESULTS = REPOSITORY / "bench" / "out" / "shipped.json"
ROUNDS = 5
SPEED_TEXTS = 1_000
CENTRING_TEXTS = 4_000


def main() -> None:
    """Measure, print tables, and write ``bench/out/shipped.json``."""
    options = _options()
    ours = ModelStore.at(options.model_store).load(options.model)
    with tempfile.TemporaryDirectory() as folder:
        teacher = _teacher(options.teacher, Path(folder))
        languages = [code for code in ours.manifest.languages if code != "en"]
        quality = {a.manifest.name: quality_of(a, languages) for a in (ours, teacher)}
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
