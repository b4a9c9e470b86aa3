"""Who says what a text's sentiment is, and how often they are right."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from tests.unit.training.sentiment.conftest import BAD, GOOD, PLAIN
from training.adaptation.whole import load_whole
from training.data.news import NewsTable
from training.errors import BadRecipe
from training.sentiment.accuracy import Accuracy, macro_f1
from training.sentiment.head import RIDGE, Linear, SentimentHead
from training.sentiment.label import label
from training.sentiment.labeller import SENTIMENTS
from training.sentiment.sentences import Labelled, read_sentences
from training.sentiment.vader import check_english, sentiment, vader


@pytest.mark.parametrize(
    ("compound", "expected"),
    [
        (-1.0, "negative"),
        (-0.05, "negative"),
        (-0.049, "neutral"),
        (0.0, "neutral"),
        (0.049, "neutral"),
        (0.05, "positive"),
        (1.0, "positive"),
    ],
)
def test_what_is_near_to_nothing_is_neutral(compound: float, expected: str) -> None:
    assert sentiment(compound) == expected


def test_vader_reads_words_and_their_negation() -> None:
    assert vader(["a great day", "not a great day", "a day", ""]) == [
        "positive",
        "negative",
        "neutral",
        "neutral",
    ]
    assert set(vader(GOOD)) == {"positive"}
    assert set(vader(BAD)) == {"negative"}
    assert set(vader(PLAIN)) == {"neutral"}


def news(*titles: str, language: str = "") -> NewsTable:
    ids = [f"n{place}" for place in range(len(titles))]
    columns = {"news_id": ids, "title": list(titles), "language": [language] * len(titles)}
    return NewsTable.of(pl.DataFrame(columns))


def test_vader_is_for_english_alone() -> None:
    check_english(news("A bridge", language="en"))
    check_english(news("A bridge"))
    with pytest.raises(BadRecipe, match="vader reads English, and there are news in da"):
        check_english(news("En bro", language="da"))


def test_what_has_no_title_has_no_sentiment() -> None:
    found = label(news("a great day", " ", "", "a terrible day"), vader)
    assert found == {"n0": "positive", "n3": "negative"}


def test_accuracy_is_told_with_its_error_and_what_is_easy() -> None:
    texts = Labelled(["a", "b", "c", "d"], ["positive", "positive", "negative", "neutral"])
    found = Accuracy.of(lambda _: ["positive", "negative", "negative", "positive"], texts)
    assert found.right.mean == 0.5
    assert found.right.count == 4
    assert found.right.standard_error == pytest.approx((1 / 3) ** 0.5 / 2)
    assert found.most_frequent == 0.5
    # positive: 2·1/(2+2), negative: 2·1/(2+1), neutral: 0 of 0+1
    assert found.macro_f1 == pytest.approx((1 / 2 + 2 / 3 + 0) / 3)
    assert str(found) == (
        "0.500 ± 0.289 of 4 sentences right, macro F1 0.389; 0.500 by the most frequent label"
    )


def test_a_label_that_nobody_names_has_no_f1() -> None:
    assert macro_f1(["neutral"], ["neutral"]) == pytest.approx(1 / 3)


def test_the_head_stands_at_the_minimum_of_what_it_minimises() -> None:
    """There the gradient is zero: mean of (p − y) xᵀ + 2·RIDGE·W, and of (p − y)."""
    random = np.random.default_rng(3)
    vectors_ND, labels_N = random.normal(size=(60, 5)), random.integers(0, 3, 60).tolist()
    linear = Linear.of(vectors_ND, labels_N, 3)
    given_ND = torch.from_numpy(vectors_ND)
    alike_ND = (given_ND - given_ND.mean(dim=0)) / given_ND.std(dim=0, correction=0)
    wanted_NK = torch.nn.functional.one_hot(torch.tensor(labels_N), 3)
    off_NK = torch.softmax(linear.logits(given_ND), dim=1) - wanted_NK
    gradient_DK = alike_ND.T @ off_NK / 60 + 2 * RIDGE * linear.weight_DK
    assert gradient_DK.abs().max() < 1e-4
    assert off_NK.mean(dim=0).abs().max() < 1e-4


def test_a_dimension_that_never_changes_does_no_harm() -> None:
    vectors_ND = np.array([[1.0, 5.0], [-1.0, 5.0], [2.0, 5.0], [-2.0, 5.0]])
    assert Linear.of(vectors_ND, [0, 1, 0, 1], 2).told(vectors_ND) == [0, 1, 0, 1]


def test_a_head_learns_what_people_say_of_sentences(tiny_bert: Path, sentences_file: Path) -> None:
    sentences = read_sentences(sentences_file)
    encoder = load_whole(tiny_bert, 16)
    before = {name: weight.clone() for name, weight in encoder.module.named_parameters()}
    head = SentimentHead.learned(encoder, sentences.known)
    assert Accuracy.of(head, sentences.known).right.mean > 0.8
    assert set(head(["anything at all", ""])) <= set(SENTIMENTS)
    assert head([]) == []
    after = dict(encoder.module.named_parameters())
    assert all(torch.equal(before[name], after[name]) for name in before)
