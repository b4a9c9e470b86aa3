"""What a head is to tell: labels of the titles that were read, and the losses of telling them."""

from math import log as ln

import numpy as np
import pytest
import torch

from tests.unit.training.multi_task.conftest import rows
from tests.unit.training.small_logs import log_of, seen
from training.data.impressions import ImpressionLog
from training.errors import BadRecipe
from training.multi_task.labels import Labels, any_of, one_of

LOGITS = torch.tensor([[0.0, ln(3)], [0.0, ln(3)]])
"""The softmax is (¼, ¾), the logistic function (½, ¾)."""


def test_one_of_several_labels_is_told_by_cross_entropy() -> None:
    losses = one_of(LOGITS, torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    assert losses.tolist() == pytest.approx([ln(4), ln(4 / 3)])


def test_any_number_of_labels_is_told_by_the_mean_binary_cross_entropy() -> None:
    losses = any_of(LOGITS, torch.tensor([[1.0, 0.0], [1.0, 1.0]]))
    assert losses.tolist() == pytest.approx([(ln(2) + ln(4)) / 2, (ln(2) + ln(4 / 3)) / 2])


def test_the_labels_are_those_of_titles_that_were_read(log: ImpressionLog) -> None:
    labels = Labels.of("category", log)
    assert labels.names == ("news", "sports", "travel")
    assert labels.bears_NK[rows(log, "h1", "h2", "h0")].tolist() == [
        [False, False, True],
        [True, False, False],
        [False, True, False],
    ]


def test_a_label_outside_these_and_an_unknown_one_bear_nothing(log: ImpressionLog) -> None:
    labels = Labels.of("category", log)
    others = rows(log, "c0", "c1", "c2", "h3")  # politics, money, and twice unknown
    assert len(others) == 4
    assert not labels.bears_NK[others].any()
    assert labels.bears_NK.any(axis=1).sum() == 3


def test_a_title_bears_each_type_of_its_entities(log: ImpressionLog) -> None:
    labels = Labels.of("entities", log)
    assert labels.names == ("G", "O", "P")
    assert labels.bears_NK[rows(log, "h1", "h2", "c0")].astype(int).tolist() == [
        [0, 0, 1],  # of P and W, W is in no title that was read
        [1, 0, 0],
        [0, 1, 1],
    ]


@pytest.mark.parametrize(
    ("sentiments", "said"),
    [
        ({}, "no sentiment to tell apart in the titles of the histories: none has one"),
        ({"h": "neutral"}, "all that have one have 'neutral'"),
        ({"c": "neutral", "d": "positive"}, "none has one"),
    ],
)
def test_a_head_without_two_labels_is_refused(sentiments: dict[str, str], said: str) -> None:
    log = log_of(seen({"c": 1, "d": 0}), title={"h": "x"}, sentiment=sentiments)
    with pytest.raises(BadRecipe, match=said) as raised:
        Labels.of("sentiment", log)
    assert "label-sentiment makes them" in str(raised.value)


def test_every_news_item_has_a_row_of_labels(log: ImpressionLog) -> None:
    for head in ("category", "sentiment", "entities"):
        labels = Labels.of(head, log)
        assert labels.bears_NK.shape == (len(log.news), len(labels.names))
        assert labels.bears_NK.dtype == np.bool_
