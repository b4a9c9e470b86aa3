"""TinyBERT: layers beside layers, as computed by hand."""

import copy
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from tests.unit.training.compression.conftest import (
    FINE_TUNING,
    LOG,
    LOGS,
    Numbers,
    begun,
    small_bert,
)
from tests.unit.training.conftest import learned
from training.compression import hidden_matching
from training.compression.hidden_matching import (
    Comparison,
    InsideTeachers,
    Pupil,
    attention_losses,
    comparison_of,
    match_hidden,
    states_losses,
    uniform_layers,
)
from training.compression.insight import Inside, Insight, insight, transformer_of
from training.compression.settings import Depths
from training.compression.stage_one import Taught
from training.compression.teachers import fine_tune
from training.data.features import features_of
from training.encoding import keep
from training.errors import BadRecipe
from training.examples import Batch, batch_of, of_impressions
from training.models.recommender import Recommender
from training.objective import nce
from training.recipe import Recipe
from training.run import Logs, Trained, train

PARTS = ("attention", "states", "soft_labels", "own")


def batch(trained: Trained) -> Batch:
    features = features_of(LOG.news, trained.tokenizer, trained.sources, trained.vocabularies)
    kept = keep(trained.recommender.news, features, np.arange(len(LOG.news)))
    rng = np.random.default_rng(2)
    return batch_of(of_impressions(LOG, trained.readers, 3, 5, rng).take(np.arange(6)), kept)


@pytest.mark.parametrize(
    ("student", "teacher", "expected"),
    [
        (4, 12, (0, 3, 6, 9, 12)),
        (2, 12, (0, 6, 12)),
        (1, 12, (0, 12)),
        (3, 4, (0, 1, 2, 4)),
        (4, 4, (0, 1, 2, 3, 4)),
    ],
)
def test_layers_are_spread_evenly(student: int, teacher: int, expected: tuple[int, ...]) -> None:
    assert uniform_layers(student, teacher) == expected


def test_states_are_compared_where_the_mask_shows_them() -> None:
    """Differences (1, 2) and (3, 0), a padded (9, 9): 14 over two tokens of two dimensions; and
    beside it a text of one token, (1, 1).
    """
    students = torch.tensor([[[1.0, 2], [3, 0], [9, 9]], [[1, 1], [9, 9], [9, 9]]])
    mask = torch.tensor([[1, 1, 0], [1, 0, 0]])
    found = states_losses(students, torch.zeros_like(students), mask)
    assert found.tolist() == pytest.approx([14 / 4, 2 / 2])


def test_attention_is_compared_where_the_mask_shows_both_tokens() -> None:
    """Two heads over two shown tokens: squares 1 + 4 + 0 + 1 and 4 · 0.25, over eight."""
    first = [[1.0, 2.0, 50.0], [0.0, 1.0, 50.0], [50.0, 50.0, 50.0]]
    second = [[0.5, 0.5, 7.0], [0.5, 0.5, 7.0], [7.0, 7.0, 7.0]]
    students = torch.tensor([[first, second]])
    found = attention_losses(students, torch.zeros_like(students), torch.tensor([[1, 1, 0]]))
    assert found.tolist() == pytest.approx([7 / 8])


@pytest.mark.parametrize("compared", ["states", "attention"])
def test_the_loss_is_the_same_in_one_bucket_and_in_two(compared: str, numbers: Numbers) -> None:
    """Texts of three, one and two tokens: together, and the long one by itself."""
    mask = torch.tensor([[1, 1, 1], [1, 0, 0], [1, 1, 0]])
    depths = Depths.model_validate({part: part == compared for part in PARTS})
    comparison = Comparison(4, [4], depths).double()
    states = [(numbers(3, 3, 4), numbers(3, 3, 4)) for _ in range(2)]
    maps = [(numbers(3, 2, 3, 3),) for _ in range(2)]

    def read(who: int, *buckets: tuple[slice, int]) -> Insight:
        insides = [
            Inside(
                mask[rows, :width],
                tuple(some[rows, :width] for some in states[who]),
                tuple(some[rows, :, :width, :width] for some in maps[who]),
            )
            for rows, width in buckets
        ]
        return Insight(numbers(3, 2), insides)

    def loss(*buckets: tuple[slice, int]) -> float:
        return float(comparison(read(0, *buckets), [read(1, *buckets)]).detach())

    assert loss((slice(0, 1), 3), (slice(1, 3), 2)) == pytest.approx(loss((slice(0, 3), 3)))


def test_the_gradients_are_the_losses(numbers: Numbers) -> None:
    mask_BT = torch.tensor([[1, 1, 1], [1, 0, 0]])
    states, maps = numbers(2, 3, 4), numbers(2, 2, 3, 3)
    assert gradcheck(lambda s: states_losses(s, states, mask_BT), numbers(2, 3, 4).requires_grad_())
    assert gradcheck(
        lambda m: attention_losses(m, maps, mask_BT), numbers(2, 2, 3, 3).requires_grad_()
    )


def test_insight_sees_the_scores_that_are_served(teachers: list[Trained]) -> None:
    recommender = teachers[0].recommender.eval()
    given = batch(teachers[0])
    with torch.inference_mode():
        seen = insight(recommender, given)
        torch.testing.assert_close(seen.scores_BC, recommender(given), atol=1e-4, rtol=0)
    (bucket,) = seen.buckets
    assert (len(bucket.states), len(bucket.attention)) == (5, 4)


def test_a_student_that_is_its_teacher_has_the_same_insides(teachers: list[Trained]) -> None:
    recommender, given = teachers[0].recommender.eval(), batch(teachers[0])
    shown = insight(recommender, given)
    for left_out in (("soft_labels", "own", "attention"), ("soft_labels", "own", "states")):
        depths = Depths.model_validate(dict.fromkeys(left_out, False))
        pupil = Pupil(recommender, comparison_of(recommender, [recommender], depths)).eval()
        assert float(pupil(given, [shown]).detach()) == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("left_out", PARTS)
def test_a_loss_that_is_left_out_takes_exactly_its_gradient_with_it(
    left_out: str, teachers: list[Trained]
) -> None:
    student, teacher = (one.recommender.eval().requires_grad_(True) for one in teachers)
    given = batch(teachers[0])
    with torch.no_grad():
        shown = insight(teacher, given)

    def gradient(**parts: bool) -> torch.Tensor:
        depths = Depths.model_validate(parts)
        pupil = Pupil(student, comparison_of(student, [teacher], depths)).eval()
        pupil.zero_grad()
        pupil(given, [shown]).backward()
        return torch.cat(
            [
                (torch.zeros_like(p) if p.grad is None else p.grad).flatten()
                for p in student.parameters()
            ]
        )

    alone = gradient(**{part: part == left_out for part in PARTS})
    inside = set(transformer_of(student).parameters())
    found = {p for p in student.parameters() if p.grad is not None and p.grad.any()}
    assert found & inside
    assert bool(found - inside) == (left_out in ("soft_labels", "own"))
    rest = gradient() - gradient(**{left_out: False})
    assert alone.abs().max() > 1e-6
    torch.testing.assert_close(rest, alone, atol=1e-4, rtol=1e-3)


def weights(teachers: Sequence[Recommender]) -> list[Tensor]:
    return [p.detach().clone() for teacher in teachers for p in teacher.parameters()]


def test_a_student_learns_from_what_goes_on_inside(taught: Taught, teachers: list[Trained]) -> None:
    """Without soft labels, whose loss no student brings below what they themselves leave open."""
    given = batch(teachers[0])
    shown = [one.recommender.eval() for one in teachers]
    objective = InsideTeachers(shown, Depths(soft_labels=False))
    model = objective.around(begun(taught.folder))
    before, after = learned(model, lambda: objective.loss(model, given))
    assert after < before / 2


def test_its_teachers_stay_as_they_are(
    taught: Taught, teachers: list[Trained], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TinyBERT-MT: two teachers; looked at are those that the run itself learns from."""
    seen: list[InsideTeachers] = []

    def watched(recipe: Recipe, logs: Logs, work: Path, objective: InsideTeachers) -> Trained:
        before = weights(objective.teachers)
        trained = train(recipe, logs, work, objective)
        after = weights(objective.teachers)
        assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
        assert not any(teacher.training for teacher in objective.teachers)
        seen.append(objective)
        return trained

    monkeypatch.setattr(hidden_matching, "train", watched)
    short = FINE_TUNING.changed(["training.epochs=1"])
    match_hidden(taught.folder, teachers, LOGS, short, Depths(), tmp_path)
    assert [len(objective.teachers) for objective in seen] == [2]


def test_teachers_get_no_gradient(teachers: list[Trained]) -> None:
    """Not even those that could learn."""
    student, teacher = (copy.deepcopy(one.recommender).requires_grad_(True) for one in teachers)
    teacher.zero_grad()
    objective = InsideTeachers([teacher], Depths())
    model = objective.around(student)
    objective.loss(model, batch(teachers[0])).backward()
    assert any(p.grad is not None for p in student.parameters())
    assert all(p.requires_grad and p.grad is None for p in teacher.parameters())


def test_scores_are_divided_by_the_recipes_temperature(teachers: list[Trained]) -> None:
    student, teacher = (one.recommender.eval() for one in teachers)
    given, depths = batch(teachers[0]), Depths(states=False, attention=False, temperature=2)
    objective = InsideTeachers([teacher], depths, temperature=0.5)
    with torch.inference_mode():
        mine_BC, theirs_BC = student(given) / 0.5, teacher(given) / 0.5
        soft = -((theirs_BC / 2).softmax(-1) * (mine_BC / 2).log_softmax(-1)).sum(-1).mean()
        found = objective.loss(objective.around(student).eval(), given)
        assert float(found) == pytest.approx(float(4 * soft + nce(mine_BC, 1.0)), abs=1e-4)


def without_dropout(folder: Path) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text("utf-8"))
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    path.write_text(json.dumps(config), encoding="utf-8")


def test_a_student_of_the_clicks_alone_learns_as_without_teachers(
    taught: Taught, teachers: list[Trained], tmp_path: Path
) -> None:
    """At the recipe's temperature, too; nothing drops out, since it would be drawn otherwise."""
    student = shutil.copytree(taught.folder, tmp_path / "student")
    without_dropout(student)
    settings = FINE_TUNING.changed(["training.temperature=0.3", "training.epochs=1", "dropout=0"])
    clicks = Depths(states=False, attention=False, soft_labels=False)
    alone = fine_tune(student, LOGS, settings, tmp_path / "alone")
    found = match_hidden(student, teachers, LOGS, settings, clicks, tmp_path / "taught")
    assert found.progress.losses == pytest.approx(alone.progress.losses, rel=0.01)


def test_other_teachers_of_the_same_recipe_are_another_run(
    taught: Taught, teachers: list[Trained], tmp_path: Path
) -> None:
    short, first = FINE_TUNING.changed(["training.epochs=1"]), teachers[0]
    given = LOGS, short, Depths(), tmp_path
    ended = match_hidden(taught.folder, [first], *given)
    assert match_hidden(taught.folder, [first], *given).progress == ended.progress
    other = replace(first, recommender=teachers[1].recommender)
    with pytest.raises(BadRecipe, match="holds a run of other settings or data"):
        match_hidden(taught.folder, [other], *given)


@pytest.mark.parametrize(
    ("layers", "config", "message"),
    [
        (6, {}, "a student of 6 layers is deeper than its teacher of 4"),
        (2, {"num_attention_heads": 4}, "a student of 4 heads has a teacher of 2"),
        (2, {"vocab_size": 2000}, "a student of 2000 pieces has a teacher of"),
    ],
)
def test_a_student_that_cannot_be_compared_is_refused(
    layers: int,
    config: dict[str, Any],
    message: str,
    tiny_bert: Path,
    teachers: list[Trained],
    tmp_path: Path,
) -> None:
    student = small_bert(layers, tmp_path / "student", tiny_bert, **config)
    with pytest.raises(BadRecipe, match=message):
        match_hidden(student, teachers, LOGS, FINE_TUNING, Depths(), tmp_path / "run")
    assert not (tmp_path / "run" / "checkpoint").exists()
