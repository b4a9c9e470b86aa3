"""Sentences with labels in NewsMTSC's format, all of them invented."""

import json
from pathlib import Path

import pytest

GOOD = ("a wonderful success for everyone", "the team celebrates a great win", "a happy reunion")
BAD = ("a terrible accident kills many", "the worst fraud in years", "angry crowds and fear")
PLAIN = ("the council meets on tuesday", "a report has ten pages", "the train has two doors")
POLARITY = {2.0: BAD, 4.0: PLAIN, 6.0: GOOD}


def line(document: int, text: str, *polarities: float) -> str:
    targets = [{"polarity": polarity, "mention": "it"} for polarity in polarities]
    gid = f"invented_1_{document}_3_it_0_2"
    return json.dumps({"primary_gid": gid, "sentence_normalized": text, "targets": targets})


def labelled_lines(documents: int = 40) -> list[str]:
    """Three sentences a document, one of each sentiment."""
    return [
        line(document, f"{texts[document % 3]} {document}", polarity)
        for document in range(documents)
        for polarity, texts in POLARITY.items()
    ]


@pytest.fixture
def sentences_file(tmp_path: Path) -> Path:
    path = tmp_path / "sentences.jsonl"
    path.write_text("\n".join(labelled_lines()) + "\n", encoding="utf-8")
    return path
