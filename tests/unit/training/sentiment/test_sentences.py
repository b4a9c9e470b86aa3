"""Labelled sentences: what is said of all targets, and what is held out."""

from pathlib import Path

import pytest

from tests.unit.training.sentiment.conftest import labelled_lines, line
from training.data.problems import Problems
from training.errors import UnreadableData
from training.sentiment.sentences import read_sentences


def write(folder: Path, *lines: str) -> Path:
    path = folder / "lines.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_sentence_has_the_sentiment_that_all_of_its_targets_have(tmp_path: Path) -> None:
    more = [
        line(91, "both are praised", 6, 6),
        line(91, "one is praised, the other is not", 6, 2),
        line(91, "one is praised", 6),
    ]
    found = read_sentences(write(tmp_path, *labelled_lines(), *more))
    texts = [*found.known.texts, *found.held_out.texts]
    said = [*found.known.sentiments, *found.held_out.sentiments]
    assert found.disputed == 1
    assert len(texts) == 40 * 3 + 2
    sentiment_of = dict(zip(texts, said, strict=True))
    assert sentiment_of["both are praised"] == sentiment_of["one is praised"] == "positive"
    assert sentiment_of["a terrible accident kills many 0"] == "negative"
    assert sentiment_of["a report has ten pages 1"] == "neutral"


def test_documents_are_held_out_whole_and_always_the_same(
    sentences_file: Path, tmp_path: Path
) -> None:
    found = read_sentences(sentences_file)
    held_out = {text.rpartition(" ")[2] for text in found.held_out.texts}
    known = {text.rpartition(" ")[2] for text in found.known.texts}
    assert held_out | known == {str(document) for document in range(40)}
    assert not held_out & known
    backwards = read_sentences(write(tmp_path, *reversed(labelled_lines())))
    assert set(backwards.held_out.texts) == set(found.held_out.texts)


def test_a_held_out_sentence_is_not_learned_from_in_another_document(
    sentences_file: Path, tmp_path: Path
) -> None:
    held_out = read_sentences(sentences_file).held_out.texts[0]
    copies = [line(document, held_out, 4) for document in range(100, 110)]
    found = read_sentences(write(tmp_path, *labelled_lines(), *copies))
    assert held_out in found.held_out.texts
    assert held_out not in found.known.texts


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[]",
        '{"primary_gid": "a_b_c", "sentence_normalized": "x"}',
        line(1, "no target"),
        line(1, "another scale", 3),
    ],
)
def test_a_line_of_another_form_is_named_or_left_out(tmp_path: Path, bad: str) -> None:
    path = write(tmp_path, bad, *labelled_lines())
    with pytest.raises(UnreadableData, match=r"lines\.jsonl:1: expected a sentence_normalized"):
        read_sentences(path)
    problems = Problems(skip=True)
    assert len(read_sentences(path, problems).known) + 3 >= 90
    assert problems.skipped == 1


def test_too_few_sentences_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableData, match="too few labelled sentences to learn from"):
        read_sentences(write(tmp_path, line(1, "alone", 2)))
