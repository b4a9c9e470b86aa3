"""A course over numbers: its terms, its pauses, its choice. What rooms learn is tested there."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from training.course.course import LOG, Course, Mark, Plan
from training.course.lesson import Rng, Shuffled
from training.course.pace import WARM_UP, Pace
from training.data.ragged import Int64
from training.errors import BadRecipe, Diverged
from training.loop import accelerator
from training.post_training.settings import Learning


class Distance(nn.Module):
    """How far its one weight is from a batch's numbers, squared."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self, numbers_B: Tensor) -> Tensor:
        return (self.weight - numbers_B).square().mean()


@dataclass(frozen=True, eq=False)
class Numbers:
    """A lesson: every step has the same two numbers; it remembers what it was asked."""

    first: float = 1.0
    asked: list[int] = field(default_factory=list)
    last: int = -1

    def rows(self, step: int) -> Int64:
        return np.array([0, 1])

    def batch(self, rows: Int64, step: int) -> Tensor:
        if step == self.last:
            raise KeyboardInterrupt
        self.asked.append(step)
        return torch.tensor([self.first, 3.0])

    def digest(self) -> str:
        return str(self.first)


def course(
    folder: Path, lesson: Numbers, steps: int = 7, term: int = 3, keep: int = 3, rate: float = 0.25
) -> tuple[Distance, Course[Tensor]]:
    """Gradient descent: at a rate of a quarter a step halves the way to 2."""
    model = Distance()
    plan = Plan(steps, term, keep, torch.optim.SGD(model.parameters(), lr=rate))
    return model, Course(accelerator(Learning()), model, lesson, plan, folder, "numbers")


def test_terms_end_with_their_mean_loss_and_the_last_may_be_shorter(tmp_path: Path) -> None:
    """The weight is 0, 1, 3/2, …: losses of 1 + 4, 1 + 1, 1 + 1/4, …"""
    model, taken = course(tmp_path, Numbers())
    taken.finish()
    losses = [1 + 4 / 4**step for step in range(7)]
    means = [sum(losses[:3]) / 3, sum(losses[3:6]) / 3, losses[6]]
    assert [mark.step for mark in taken.marks] == [3, 6, 7]
    assert [mark.loss for mark in taken.marks] == pytest.approx(means)
    assert float(model.weight.detach()) == pytest.approx(2 - 2 / 2**7)
    assert taken.chosen == taken.marks[-1]
    lines = [json.loads(line) for line in (tmp_path / LOG).read_text("utf-8").splitlines()]
    assert [(line["step"], line["worth"]) for line in lines] == [(3, None), (6, None), (7, None)]


def test_within_a_term_it_goes_on_where_it_was_kept_last(tmp_path: Path) -> None:
    begun, seen = list[int](), list[int]()
    model, taken = course(tmp_path / "whole", Numbers(), steps=10, term=10, keep=4)
    taken.finish()
    _, broken = course(tmp_path / "cut off", Numbers(last=6), steps=10, term=10, keep=4)
    with pytest.raises(KeyboardInterrupt):
        broken.finish(begin=lambda: begun.append(1))
    lesson = Numbers()
    resumed, again = course(tmp_path / "cut off", lesson, steps=10, term=10, keep=4)
    again.finish(begin=lambda: begun.append(2), watch=seen.append)
    assert (begun, lesson.asked, seen) == ([1], [4, 5, 6, 7, 8, 9], [5, 6, 7, 8, 9, 10])
    assert torch.equal(resumed.weight, model.weight)
    assert again.marks == taken.marks


def test_the_best_terms_weights_stay_of_equals_the_first(tmp_path: Path) -> None:
    worths, seen = iter([9.0, 0.5, 0.7, 0.7]), list[float]()
    model, taken = course(tmp_path, Numbers())

    def validate() -> float:
        seen.append(float(model.weight.detach()))
        return next(worths)

    taken.finish(validate=validate)
    assert taken.marks[0] == Mark(0, None, 9.0)  # as it came: nothing to be chosen
    assert taken.chosen.step == 6
    assert float(model.weight.detach()) == seen[2]


def test_another_lesson_is_another_course(tmp_path: Path) -> None:
    course(tmp_path, Numbers())[1].finish()
    with pytest.raises(BadRecipe, match="holds a run of other settings or data"):
        course(tmp_path, Numbers(first=5.0))[1].finish()


def test_a_loss_that_is_no_number_ends_it(tmp_path: Path) -> None:
    with pytest.raises(Diverged, match="in step 2: lower learning_rate"):
        course(tmp_path, Numbers(), rate=1e30)[1].finish()
    assert not (tmp_path / "checkpoint").exists()


@dataclass(frozen=True, eq=False)
class Rows:
    """Known are seven rows; a batch is the rows and a number drawn beside them."""

    def __len__(self) -> int:
        return 7

    def batch(self, rows: Int64, rng: Rng) -> tuple[list[int], int]:
        return rows.tolist(), int(rng.integers(1 << 60))

    def digest(self) -> str:
        return ""


def test_shuffled_each_row_comes_once_an_epoch_and_steps_are_always_the_same() -> None:
    lesson, other = Shuffled(Rows(), 3, seed=1), Shuffled(Rows(), 3, seed=2)
    given = [lesson.batch(lesson.rows(step), step) for step in range(6)]
    assert lesson.steps == 3
    assert [len(rows) for rows, _ in given] == [3, 3, 1, 3, 3, 1]
    for epoch in (given[:3], given[3:]):
        assert Counter(row for rows, _ in epoch for row in rows) == Counter(range(7))
    assert len({drawn for _, drawn in given}) == 6
    assert [lesson.batch(lesson.rows(step), step) for step in range(6)] == given
    assert [other.rows(step).tolist() for step in range(6)] != [rows for rows, _ in given]


def test_after_a_few_steps_it_is_said_once_how_long_the_rest_will_take() -> None:
    pace = Pace(100)
    said = [pace.met(step, rows=2) for step in range(1, 12)]
    assert [line is not None for line in said] == [step == WARM_UP for step in range(1, 12)]
    assert "94 more will take about 0:00:00" in str(said[WARM_UP - 1])
    assert pace.rate() > 0
