"""Real texts where they are at hand, the sample news elsewhere."""

import json
import os
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
DATA = Path(os.environ.get("NEWSSTAND_DATA", REPOSITORY.parent / "shared" / "data"))
MIND = DATA / "mind-sample"
NTREX = DATA / "ntrex-128"
NEWSMTSC = DATA / "newsmtsc" / "train.jsonl"
SAMPLE = REPOSITORY / "service" / "sample" / "articles.jsonl"


def titles(count: int) -> tuple[str, list[str]]:
    """Where the titles are from, and ``count`` distinct ones, or as many as there are."""
    news = MIND / "train" / "news.tsv"
    if news.exists():
        source = "MIND sample"
        lines = news.read_text(encoding="utf-8").split("\n")
        found = [line.split("\t")[3] for line in lines if line]
    else:
        source = "sample news"
        found = [json.loads(line)["title"] for line in SAMPLE.read_text().splitlines()]
    return source, list(dict.fromkeys(found))[:count]


def sentences(languages: str = "*") -> list[str]:
    """NTREX-128's news sentences in the languages of its file names, such as ``eng``: a sentence
    in each of them, then the next. None where the data is not at hand.
    """
    files = sorted(NTREX.glob(f"newstest2019-*.{languages}.txt"))
    texts = [file.read_text(encoding="utf-8").splitlines() for file in files]
    return [text for translations in zip(*texts, strict=True) for text in translations]
