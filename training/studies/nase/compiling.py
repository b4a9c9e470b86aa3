"""The study's texts, as the corpus compiler leaves them: clean, in their language, each once."""

import hashlib
import json
import shutil
from pathlib import Path

from pydantic import JsonValue

from training.cleaning.compiled import PAIRED, REPORT, SINGLE, Corpus, compiled
from training.cleaning.settings import Cleaning
from training.data.polynews import ParallelTexts, Texts, read_parallel, read_texts

Facts = dict[str, JsonValue]


def compiled_texts(texts: Texts, settings: Cleaning, cache: Path) -> tuple[Texts, Facts]:
    """What stays of the texts, and what went, for people. See ``compiled``."""
    folder = _compiled(Corpus(texts.frame, SINGLE), settings, cache)
    return read_texts(folder), _facts(folder)


def compiled_pairs(
    pairs: ParallelTexts, settings: Cleaning, cache: Path
) -> tuple[ParallelTexts, Facts]:
    """The same of pairs."""
    folder = _compiled(Corpus(pairs.frame, PAIRED), settings, cache)
    return read_parallel(folder), _facts(folder)


def _compiled(corpus: Corpus, settings: Cleaning, cache: Path) -> Path:
    """A folder in the cache, filled once: its report is written last."""
    digest = hashlib.sha256(settings.model_dump_json().encode())
    for column in corpus.frame:
        digest.update("\0".join([column.name, *column]).encode())
    folder = cache / f"texts-{digest.hexdigest()[:16]}"
    if not (folder / REPORT).is_file():
        shutil.rmtree(folder, ignore_errors=True)
        compiled(corpus, folder, settings)
    return folder


def _facts(folder: Path) -> Facts:
    report = json.loads((folder / REPORT).read_text("utf-8"))
    went = [f"{reason} {count:,}" for reason, count in report["dropped"].items()]
    kept = f"{report['kept']:,} of {report['read']:,}"
    return {"texts to learn from": f"{kept}; {', '.join(went)}" if went else kept}
