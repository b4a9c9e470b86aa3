"""NewsBERT and MT-BERT: teachers and student at the same time."""

import shutil
from itertools import count
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from torch import nn

from tests.unit.training.compression.conftest import FINE_TUNING, LOGS, begun, small_bert
from tests.unit.training.compression.test_hidden_matching import batch
from tests.unit.training.conftest import learned
from tests.unit.training.slopes import check_slope
from training import loop
from training.compression.hidden_matching import comparison_of
from training.compression.insight import insight, transformer_of
from training.compression.joint import (
    MT_BERT,
    Class,
    LearningTogether,
    blocks_of,
    learn_together,
    mix,
)
from training.compression.multi_teacher import losses_of
from training.compression.settings import Depths, Together
from training.compression.stage_one import Taught
from training.errors import BadRecipe
from training.examples import Examples
from training.loop import Run
from training.models.depth import layers_of
from training.models.recommender import Recommender
from training.objective import nce
from training.post_training.contrastive import PostTrained
from training.run import Trained


def class_of(student: Recommender, teachers: list[Recommender], together: Together) -> Class:
    return Class(student, teachers, comparison_of(student, teachers, together.depths)).eval()


def with_gradient(*values: float) -> nn.Linear:
    layer = nn.Linear(len(values), 1, bias=False)
    layer.weight.grad = torch.tensor([values])
    return layer


def test_a_layers_gradient_holds_a_share_of_those_above_it() -> None:
    """0.75 · (4, 8) + 0.25 · ((0, 4) + (8, 0)) / 2 = (4, 6.5)."""
    layer = with_gradient(4.0, 8.0)
    mix(layer, [with_gradient(0.0, 4.0), with_gradient(8.0, 0.0)], 0.25)
    assert layer.weight.grad is not None
    assert layer.weight.grad.tolist() == [[4.0, 6.5]]


def test_a_weight_of_another_shape_keeps_its_own_gradient() -> None:
    layer = with_gradient(4.0, 8.0)
    mix(layer, [with_gradient(1.0, 1.0, 1.0), nn.Linear(2, 1, bias=False)], 0.25)
    assert layer.weight.grad is not None
    assert layer.weight.grad.tolist() == [[4.0, 8.0]]


def test_each_of_a_students_layers_stands_for_a_block_of_its_teachers(
    taught: Taught, four_layers: Path
) -> None:
    student, teacher = (transformer_of(begun(one)) for one in (taught.folder, four_layers))
    theirs = list(layers_of(teacher))
    assert blocks_of(student, teacher) == [theirs[:2], theirs[2:]]


def test_the_loss_is_the_sum_of_the_teachers_and_the_students(
    taught: Taught, post_trained: PostTrained, teachers: list[Trained]
) -> None:
    student, others = begun(taught.folder), [begun(one) for one in post_trained.copies]
    given, together = batch(teachers[0]), Together()
    whole = class_of(student, others, together)
    with torch.inference_mode():
        shown = [insight(other, given) for other in others]
        own = [float(losses_of(one.scores_BC).mean()) for one in shown]
        compared = float(whole.comparison(insight(student, given), shown))
        assert float(whole(given)) == pytest.approx(sum(own) + compared, abs=1e-4)


def test_everyones_scores_are_divided_by_the_recipes_temperature(
    taught: Taught, four_layers: Path, teachers: list[Trained]
) -> None:
    student, teacher, given = begun(taught.folder), begun(four_layers), batch(teachers[0])
    clicks = Together(depths=Depths(states=False, attention=False, soft_labels=False))
    objective = LearningTogether([teacher], clicks, temperature=0.5)
    with torch.inference_mode():
        expected = nce(student(given), 0.5) + nce(teacher(given), 0.5)
        found = objective.loss(objective.around(student).eval(), given)
        assert float(found) == pytest.approx(float(expected), abs=1e-4)


@pytest.mark.parametrize("momentum", [0.0, 0.3])
def test_momentum_lets_the_student_have_a_share_of_its_teachers_gradient(
    momentum: float, taught: Taught, four_layers: Path, teachers: list[Trained]
) -> None:
    student, teacher = begun(taught.folder), begun(four_layers)
    together = Together(momentum=momentum)
    objective = LearningTogether([teacher], together)
    whole = objective.around(student).eval()
    given = batch(teachers[0])
    objective.loss(whole, given).backward()
    layer, *_ = layers_of(transformer_of(student))
    block = list(layers_of(transformer_of(teacher)))[:2]
    name = "attention.self.value.weight"
    own = layer.get_parameter(name).grad
    above = [one.get_parameter(name).grad for one in block]
    assert own is not None
    assert all(grad is not None and grad.abs().max() > 0 for grad in above)
    expected = (1 - momentum) * own + momentum * torch.stack(above).mean(dim=0)  # type: ignore[arg-type]
    whole.zero_grad()
    objective.backward(whole, objective.loss(whole, given), Accelerator(cpu=True))
    torch.testing.assert_close(layer.get_parameter(name).grad, expected)


@pytest.mark.parametrize(
    ("teachers_count", "together"),
    [(1, Together()), (2, Together()), (2, MT_BERT)],
    ids=["NewsBERT", "NewsBERT-MT", "MT-BERT"],
)
def test_all_learn_at_once(
    teachers_count: int,
    together: Together,
    taught: Taught,
    post_trained: PostTrained,
    teachers: list[Trained],
) -> None:
    others = [begun(copy) for copy in post_trained.copies[-teachers_count:]]
    given, objective = batch(teachers[0]), LearningTogether(others, together)
    model = objective.around(begun(taught.folder))
    process = Accelerator(cpu=True)
    before, after = learned(
        model,
        lambda: objective.loss(model, given),
        lambda loss: objective.backward(model, loss, process),
    )
    assert after < 0.7 * before  # what soft labels and readers without clicks leave open stays


def test_what_comes_back_is_the_student_alone(
    taught: Taught, post_trained: PostTrained, tmp_path: Path
) -> None:
    short = FINE_TUNING.changed(["training.epochs=1"])
    found = learn_together(taught.folder, post_trained.copies, LOGS, short, Together(), tmp_path)
    assert set(found.recommender.state_dict()) == set(begun(taught.folder).state_dict())


def test_learning_that_is_cut_off_ends_as_if_it_had_not_been(
    taught: Taught, post_trained: PostTrained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Teachers go on from where they stood, too."""
    monkeypatch.setattr(loop, "CHECKPOINT_STEPS", 2)
    settings = FINE_TUNING.changed(["training.epochs=2"])
    given = taught.folder, post_trained.copies[1:], LOGS, settings, Together()
    whole = learn_together(*given, tmp_path / "whole")
    step, steps = Run._step, count()

    def breaking(self: Run, examples: Examples) -> float:
        if next(steps) == 5:
            raise KeyboardInterrupt
        return step(self, examples)

    with monkeypatch.context() as patch:
        patch.setattr(Run, "_step", breaking)
        with pytest.raises(KeyboardInterrupt):
            learn_together(*given, tmp_path / "cut off")
    resumed = learn_together(*given, tmp_path / "cut off")
    assert resumed.progress.losses == pytest.approx(whole.progress.losses, abs=1e-6)


def test_other_weights_in_the_same_folders_are_another_run(
    taught: Taught, post_trained: PostTrained, tmp_path: Path
) -> None:
    older, newest = post_trained.copies
    teacher = tmp_path / "teacher"
    shutil.copytree(older, teacher)
    short = FINE_TUNING.changed(["training.epochs=1", "training.temperature=0.5"])
    given = taught.folder, [teacher], LOGS, short, Together(), tmp_path / "run"
    ended = learn_together(*given)
    assert learn_together(*given).progress == ended.progress
    shutil.copytree(newest, teacher, dirs_exist_ok=True)
    with pytest.raises(BadRecipe, match="holds a run of other settings or data"):
        learn_together(*given)


def test_no_teachers_and_shallower_ones_are_refused(
    tiny_bert: Path, four_layers: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadRecipe, match="needs a teacher at least"):
        learn_together(four_layers, [], LOGS, FINE_TUNING, Together(), tmp_path / "run")
    shallow = small_bert(2, tmp_path / "shallow", tiny_bert)
    with pytest.raises(BadRecipe, match="a student of 4 layers is deeper than its teacher of 2"):
        learn_together(four_layers, [shallow], LOGS, FINE_TUNING, Together(), tmp_path / "run")


@pytest.mark.parametrize("together", [Together(), MT_BERT], ids=["NewsBERT", "MT-BERT"])
def test_the_gradient_is_that_of_the_whole_loss(
    together: Together, taught: Taught, post_trained: PostTrained, teachers: list[Trained]
) -> None:
    """Of the student's weights: of the teachers' some losses have no gradient."""
    others, given = [begun(one) for one in post_trained.copies], batch(teachers[0])
    whole = class_of(begun(taught.folder), others, together).double()
    whole.teachers.requires_grad_(False)
    check_slope(whole, lambda: whole(given))
