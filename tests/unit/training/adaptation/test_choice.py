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


@dataclass(frozen=True, eq=False)
class Drawn(WholeEncoder):
    """An encoder of which each title has a vector of its own, drawn by its letters."""

    def vectors(self, texts: Sequence[str]) -> Float32:
        drawn = [np.random.default_rng(list(text.encode())).normal(size=64) for text in texts]
        return np.array(drawn, np.float16).astype(np.float32)


def test_it_is_the_metric_of_the_mean_vectors_scores(encoder: WholeEncoder) -> None:
    """Scores that no rounding brings into another order: near ones lie 0.02 apart."""
    drawn = Drawn(**{each.name: getattr(encoder, each.name) for each in fields(WholeEncoder)})
    whole, values = titled_log(), []
    titles = whole.news.column("title")
    for place, impression in enumerate(whole):
        if not 0 < sum(impression.labels) < len(impression.labels):
            continue
        scores = np.zeros(len(impression.labels))
        if impression.history:
            read = drawn.vectors([titles[row] for row in whole.history[place].tolist()])
            shown = drawn.vectors([titles[row] for row in whole.candidates[place].tolist()])
            scores = shown.astype(np.float64) @ read.astype(np.float64).mean(axis=0)
            assert np.diff(np.sort(scores)).min() > 0.02
        values.append(METRICS["mrr"](scores, np.array(impression.labels)))
    assert LateFusionMrr([whole])(drawn) == pytest.approx(np.mean(values), abs=1e-6)


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
