"""What a row costs: figures that are what they say, and none where nothing can be known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.unit.training.conftest import prepare, titled_log
from tests.unit.training.studies.toys import finished, sample
from training.recipes import find
from training.studies import costs
from training.studies.costs import COST, Costs, both, news_per_second, parameters, with_peak

BLOCK = 300_000_000

on_linux = pytest.mark.skipif(
    not costs.RESET_PEAK.exists() or torch.cuda.is_available(), reason="Linux without a GPU tells"
)


def test_parameters_are_those_that_learn_and_all() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2, bias=False))
    module[0].requires_grad_(False)
    assert parameters(module) == (8, 3 * 4 + 4 + 8)


@on_linux
def test_the_peak_is_of_the_work_and_not_of_what_was_before() -> None:
    def touched() -> int:
        return int(np.ones(BLOCK // 8).sum())

    _, before = with_peak(lambda: None)
    result, peak = with_peak(touched)
    _, after = with_peak(lambda: None)
    assert result == BLOCK // 8
    assert before is not None
    assert peak is not None
    assert after is not None
    assert peak - before > 0.8 * BLOCK / 1e6
    assert peak - after > 0.8 * BLOCK / 1e6  # it was given back, and the mark was reset


@on_linux
def test_where_the_mark_cannot_be_reset_no_peak_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(costs, "RESET_PEAK", tmp_path / "nowhere" / "clear_refs")
    assert with_peak(lambda: 3) == (3, None)


def test_what_is_not_known_has_no_figure() -> None:
    figures = Costs(1.5, None, 20.0, 3, 7).figures
    assert figures == {
        f"{COST}minutes": 1.5,
        f"{COST}speed": 20.0,
        f"{COST}trained": 3.0,
        f"{COST}parameters": 7.0,
    }
    assert set(figures) < {column.name for column in costs.columns("All readers")}


def test_two_steps_take_the_time_of_both_and_the_speed_of_the_second() -> None:
    first, second = Costs(2.0, 900.0, 5.0, 10, 50).figures, Costs(0.5, 400.0, 6.0, 4, 54).figures
    assert both(first, second) == Costs(2.5, 900.0, 6.0, 14, 54).figures
    assert both({}, second) == second


def test_a_rows_minutes_are_all_that_it_took_and_its_step_ones_with_it() -> None:
    made = {
        name: replace(finished(auc=sample([1.0])), seconds=seconds)
        for name, seconds in (("first", 120.0), ("second", 30.0))
    }
    rows = costs.with_row_minutes({**made, "vectors": finished()}, {"second": "first"})
    minutes = {name: dict(row.measured.figures) for name, row in rows.items()}
    assert minutes == {"first": {costs.ROW: 2.0}, "second": {costs.ROW: 2.5}, "vectors": {}}
    assert rows["second"].measured.samples == made["second"].measured.samples


@pytest.mark.parametrize("recipe", ["nrms", "naml", "lstur"])
def test_every_news_encoder_is_timed_over_all_that_it_reads(tiny_bert: Path, recipe: str) -> None:
    chosen = find(recipe).changed([f"text.encoder.folder={tiny_bert}", "text.max_tokens=8"])
    prepared = prepare(chosen, titled_log())
    encoder, rows = prepared.recommender.news, np.arange(12)
    seen: list[int] = []
    encoder.register_forward_hook(lambda *told: seen.append(len(told[2])))
    speed = news_per_second(encoder, prepared.features, rows, torch.device("cpu"))
    assert speed > 0
    assert seen == [12] * (1 + costs.ROUNDS)  # once to be warm
