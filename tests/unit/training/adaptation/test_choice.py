"""What an encoder is worth: the mean MRR of late fusion over logs."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
import pytest

from model_store.metrics import METRICS
from tests.unit.training.adaptation.conftest import LINES, fresh
from tests.unit.training.conftest import titled_log
from tests.unit.training.small_logs import log_of, seen
from training.adaptation.choice import LateFusionMrr
from training.adaptation.whole import Float32, WholeEncoder
from training.data.impressions import ImpressionLog
from training.errors import NothingToEvaluate


@dataclass(frozen=True, eq=False)
class Counting(WholeEncoder):
    """An encoder that remembers what it encoded."""

    asked: list[str] = field(default_factory=list)

    def vectors(self, texts: Sequence[str]) -> Float32:
        self.asked.extend(texts)
        return super().vectors(texts)


@pytest.fixture(scope="module")
def encoder(tiny_bert: Path) -> Counting:
    whole, _ = fresh(tiny_bert)
    return Counting(**{each.name: getattr(whole, each.name) for each in fields(whole)})


def log(clicked: str, titles: dict[str, str]) -> ImpressionLog:
    """A reader of ``h`` who is shown ``a`` and ``b`` and clicks one."""
    return log_of(seen({"a": int(clicked == "a"), "b": int(clicked == "b")}), title=titles)


def test_a_log_is_worth_where_the_click_stands_by_late_fusion(encoder: WholeEncoder) -> None:
    """A candidate with the history's own title is nearest to it."""
    same = {"h": LINES[0], "a": LINES[0], "b": LINES[1]}
    assert LateFusionMrr([log("a", same)])(encoder) == 1.0
    assert LateFusionMrr([log("b", same)])(encoder) == 0.5
    assert LateFusionMrr([log("a", same), log("b", same)])(encoder) == 0.75


def test_it_is_the_metric_of_the_mean_vectors_cosines(encoder: WholeEncoder) -> None:
    whole, values = titled_log(), []
    titles = whole.news.column("title")
    for place, impression in enumerate(whole):
        if not 0 < sum(impression.labels) < len(impression.labels):
            continue
        scores = np.zeros(len(impression.labels))
        if impression.history:
            read = encoder.vectors([titles[row] for row in whole.history[place].tolist()])
            shown = encoder.vectors([titles[row] for row in whole.candidates[place].tolist()])
            mean = read.astype(np.float16).mean(axis=0, dtype=np.float64).astype(np.float16)
            scores = shown.astype(np.float16).astype(np.float64) @ mean.astype(np.float64)
        values.append(METRICS["mrr"](scores, np.array(impression.labels)))
    assert LateFusionMrr([whole])(encoder) == pytest.approx(np.mean(values), abs=1e-3)


def test_each_distinct_title_is_encoded_once(encoder: Counting) -> None:
    here = log("a", {"h": LINES[0], "a": LINES[0], "b": LINES[1]})
    there = log("a", {"h": LINES[0], "a": LINES[2], "b": LINES[3]})
    encoder.asked.clear()
    LateFusionMrr([here, there, here])(encoder)
    assert sorted(encoder.asked) == sorted(LINES[:4])


def test_a_log_without_both_classes_is_worth_nothing_that_can_be_said(
    encoder: WholeEncoder,
) -> None:
    with pytest.raises(NothingToEvaluate):
        LateFusionMrr([log("c", {"h": LINES[0], "a": LINES[1], "b": LINES[2]})])(encoder)
