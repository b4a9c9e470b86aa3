"""The training loop: killed and gone on with, stopped in time, and what it writes down."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import count, pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.unit.training.conftest import Prepared, prepare, titled_log
from training import loop
from training.checkpoints import Progress, learned
from training.errors import BadRecipe
from training.examples import Examples
from training.loop import Run, Validate, optimizer_of
from training.models.recommender import Recommender
from training.objective import nce
from training.recipe import Recipe
from training.run import Logs, train

LOG = titled_log(impressions=30)
ROOT = Path(__file__).parents[3]
EPOCHS, STEPS = 3, 8
"""So many steps has an epoch of ``LOG`` in batches of 8."""
Weights = dict[str, Tensor]


def recipe_of(users: str = "additive", dropout: float = 0.0, **training: object) -> Recipe:
    settings = {"epochs": EPOCHS, "batch_size": 8, "learning_rate": 0.01, "history_length": 5}
    text = {"encoder": {"kind": "words", "dimension": 12}, "dimension": 16, "dropout": dropout}
    return Recipe.model_validate(
        {
            "name": "tiny",
            "source": "a test",
            "text": text,
            "users": {"kind": users, "heads": 4, "dropout": dropout},
            "training": settings | training,
        }
    )


def run_of(recipe: Recipe, folder: Path) -> Run:
    ready: Prepared = prepare(recipe, LOG)
    return Run(ready.recommender, recipe.training, LOG, ready.kept, ready.readers, folder)


def weights(recommender: Recommender) -> Weights:
    return {name: tensor.clone() for name, tensor in learned(recommender).items()}


def check_equal(one: Weights, other: Weights) -> None:
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(other[name], tensor, atol=1e-6, rtol=0, msg=name)


def lines_of(folder: Path) -> list[dict[str, float | None]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def validating(*metrics: float) -> tuple[Validate, list[Weights]]:
    """Metrics one after the other, and the weights that they were given for."""
    given, seen = iter(metrics), list[Weights]()

    def validate(recommender: Recommender) -> float:
        seen.append(weights(recommender))
        return next(given)

    return validate, seen


# A run that is killed


def killed_at(step: int, users: str, dropout: float, folder: Path) -> None:
    """In a process of its own: train, and die in the midst of the step."""
    torch.set_num_threads(1)
    loop.CHECKPOINT_STEPS = 4  # type: ignore[misc]
    whole, steps = Run._step, count()

    def mortal(self: Run, examples: Examples) -> float:
        loss = whole(self, examples)
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return loss

    Run._step = mortal  # type: ignore[method-assign]
    run_of(recipe_of(users, dropout, warm_up=0.8), folder).train(lambda _: 0.5)


def kill(step: int, users: str, dropout: float, folder: Path) -> None:
    call = f"killed_at({step}, {users!r}, {dropout}, Path({str(folder)!r}))"
    script = f"from tests.unit.training.test_loop import *; {call}"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize(
    ("users", "dropout", "step"),
    [
        ("additive", 0.0, STEPS + 6),  # behind the checkpoint of step 4 of the second epoch
        ("lstur_ini", 0.3, STEPS + 6),
        ("nrms", 0.3, 2),  # before there is any
    ],
)
def test_a_run_that_was_killed_ends_as_if_it_had_not_been(
    users: str, dropout: float, step: int, tmp_path: Path
) -> None:
    kill(step, users, dropout, tmp_path / "killed")
    whole = run_of(recipe_of(users, dropout, warm_up=0.8), tmp_path / "whole")
    expected = whole.train()
    resumed = run_of(recipe_of(users, dropout, warm_up=0.8), tmp_path / "killed")
    progress = resumed.train()
    assert len(progress.losses) == EPOCHS
    assert progress.losses == pytest.approx(expected.losses, abs=1e-6)
    assert progress.epoch == expected.epoch
    check_equal(weights(whole.recommender), weights(resumed.recommender))
    if step > STEPS:
        begun = [line["epoch"] for line in lines_of(tmp_path / "killed") if "epoch_loss" in line]
        assert begun == list(range(EPOCHS))  # no epoch was begun anew


@pytest.fixture
def half_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run that broke off behind a checkpoint."""
    monkeypatch.setattr(loop, "CHECKPOINT_STEPS", 4)
    whole, steps = Run._step, count()

    def breaking(self: Run, examples: Examples) -> float:
        if next(steps) == STEPS + 6:
            raise KeyboardInterrupt
        return whole(self, examples)

    run = run_of(recipe_of(), tmp_path / "broken")
    with monkeypatch.context() as patch:
        patch.setattr(Run, "_step", breaking)
        with pytest.raises(KeyboardInterrupt):
            run.train()
    return tmp_path / "broken"


def _between_renames(folder: Path) -> None:
    (folder / "checkpoint").rename(folder / "checkpoint.old")
    shutil.copytree(folder / "checkpoint.old", folder / "checkpoint.part")


def _half_written(folder: Path) -> None:
    (folder / "checkpoint.part").mkdir()
    (folder / "checkpoint.part" / "weights.pt").write_bytes(b"half")


def _old_one_left(folder: Path) -> None:
    shutil.copytree(folder / "checkpoint", folder / "checkpoint.old")


@pytest.mark.parametrize("broken_off", [_between_renames, _half_written, _old_one_left])
def test_a_checkpoint_that_was_cut_off_is_not_taken_for_a_whole_one(
    half_way: Path, tmp_path: Path, broken_off: Callable[[Path], None]
) -> None:
    broken_off(half_way)
    expected = run_of(recipe_of(), tmp_path / "whole").train()
    resumed = run_of(recipe_of(), half_way)
    assert resumed.train().losses == pytest.approx(expected.losses, abs=1e-6)
    assert not (half_way / "checkpoint.part").exists()
    assert not (half_way / "checkpoint.old").exists()


def test_a_run_that_has_ended_is_not_gone_on_with(tmp_path: Path) -> None:
    first = run_of(recipe_of(), tmp_path)
    expected = first.train()
    again = run_of(recipe_of(), tmp_path)
    assert again.train() == expected
    check_equal(weights(first.recommender), weights(again.recommender))
    assert len([line for line in lines_of(tmp_path) if "epoch_loss" in line]) == EPOCHS


@pytest.mark.parametrize("part", ["frozen", "trained"])
def test_a_run_that_began_with_other_weights_is_not_gone_on_with(
    part: str, tiny_bert: Path, tmp_path: Path
) -> None:
    """A folder whose encoder has changed bears the same name, and weights of the same shapes."""
    encoder = f'{{"kind": "transformer", "folder": "{tiny_bert}", "trained_layers": 1}}'
    recipe = recipe_of(epochs=1).changed([f"text.encoder={encoder}"])
    ended = run_of(recipe, tmp_path).train()
    assert run_of(recipe, tmp_path).train() == ended
    ready = prepare(recipe, LOG)
    weights_of = ready.recommender.named_parameters()
    weight = next(weight for name, weight in weights_of if part in name)
    with torch.no_grad():
        weight.flatten()[0] += 1e-3
    other = Run(ready.recommender, recipe.training, LOG, ready.kept, ready.readers, tmp_path)
    with pytest.raises(BadRecipe, match="holds a run of other settings or data"):
        other.train()


def test_the_same_seed_trains_the_same_and_another_does_not(tmp_path: Path) -> None:
    losses = [
        run_of(recipe_of("nrms", 0.2, seed=seed), tmp_path / str(place)).train().losses
        for place, seed in enumerate((1, 1, 2))
    ]
    assert losses[0] == losses[1] != losses[2]


# Stopping, and the best epoch


def test_the_best_epochs_weights_are_kept(tmp_path: Path) -> None:
    validate, seen = validating(0.5, 0.7, 0.6, 0.65)
    run = run_of(recipe_of(epochs=4, patience=9), tmp_path)
    progress = run.train(validate)
    assert (progress.epoch, progress.best) == (4, 0.7)
    assert progress.metrics == [0.5, 0.7, 0.6, 0.65]
    check_equal(seen[1], weights(run.recommender))


def test_without_validation_the_last_epochs_weights_are_kept(tmp_path: Path) -> None:
    run = run_of(recipe_of(), tmp_path)
    assert run.train().best is None
    stored = torch.load(tmp_path / "checkpoint" / "weights.pt")
    check_equal(stored, weights(run.recommender))
    assert not (tmp_path / "best").exists()


@pytest.mark.parametrize(
    ("patience", "metrics", "epochs"),
    [
        (1, [0.5, 0.4], 2),
        (2, [0.5, 0.4, 0.45], 3),
        (2, [0.5, 0.4, 0.6, 0.5, 0.6], 5),  # the third epoch starts the count anew; a tie is worse
        (2, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], 6),
        (3, [0.5, 0.5, 0.5, 0.5], 4),
    ],
)
def test_training_stops_when_patience_ends(
    patience: int, metrics: list[float], epochs: int, tmp_path: Path
) -> None:
    validate, seen = validating(*metrics)
    run = run_of(recipe_of(epochs=6, patience=patience), tmp_path)
    assert run.train(validate).epoch == len(seen) == epochs
    check_equal(seen[metrics.index(max(metrics))], weights(run.recommender))


def test_a_run_that_stopped_early_stays_stopped_and_finds_its_best_weights(tmp_path: Path) -> None:
    recipe = recipe_of(epochs=6, patience=1)
    validate, seen = validating(0.6, 0.5)
    run_of(recipe, tmp_path).train(validate)
    again = run_of(recipe, tmp_path)
    assert again.train(lambda _: pytest.fail("trained on")).epoch == 2
    check_equal(seen[0], weights(again.recommender))


def test_no_epoch_leaves_the_weights_as_they_were(tmp_path: Path) -> None:
    run = run_of(recipe_of(epochs=0), tmp_path)
    before = weights(run.recommender)
    assert run.train(lambda _: 0.5) == Progress()
    check_equal(before, weights(run.recommender))


# The loss, its steps, and what is written down


def test_the_loss_is_that_of_the_clicked_one_among_its_negatives() -> None:
    scores_BC = np.array([[1.0, 0.5, -2], [0, 3, 3]])
    raised_BC = np.exp(scores_BC / 0.7)
    by_hand = -np.log(raised_BC[:, 0] / raised_BC.sum(axis=1)).mean()
    assert nce(torch.from_numpy(scores_BC), 0.7).item() == pytest.approx(by_hand, abs=1e-6)
    given_BC = torch.from_numpy(scores_BC).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda scores_BC: nce(scores_BC, 0.7), given_BC)


def test_training_learns(tmp_path: Path) -> None:
    losses = run_of(recipe_of(epochs=8, learning_rate=0.03), tmp_path).train().losses
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, [1.0] * 5), (10 / (EPOCHS * STEPS), [0.1, 0.2, 0.3, 0.4, 0.5])],
)
def test_the_learning_rate_rises_over_the_warm_up(
    share: float, expected: list[float], tmp_path: Path
) -> None:
    run, rates = run_of(recipe_of(warm_up=share), tmp_path), list[float]()
    assert run.steps == STEPS
    run.optimizer.optimizer.register_step_pre_hook(
        lambda optimizer, *_: rates.append(optimizer.param_groups[0]["lr"])
    )
    run.train()
    assert len(rates) == EPOCHS * STEPS
    assert rates[:5] == pytest.approx([0.01 * part for part in expected])
    assert rates[9:] == pytest.approx([0.01] * (len(rates) - 9))
    assert all(one <= next_ for one, next_ in pairwise(rates))


def test_a_pretrained_encoder_has_a_learning_rate_of_its_own(tiny_bert: Path) -> None:
    words = recipe_of(transformer_learning_rate=1e-5, weight_decay=0.2)
    (all_alike,) = optimizer_of(prepare(words, LOG).recommender, words.training).param_groups
    assert all_alike["lr"] == 0.01
    encoder = f'{{"kind": "transformer", "folder": "{tiny_bert}", "trained_layers": 1}}'
    recipe = words.changed([f"text.encoder={encoder}"])
    recommender = prepare(recipe, LOG).recommender
    others, pretrained = optimizer_of(recommender, recipe.training).param_groups
    (title,) = [text for _, text in recommender.news.text_encoders()]
    assert title.trained is not None
    assert list(map(id, pretrained["params"])) == list(map(id, title.trained.parameters()))
    assert (others["lr"], pretrained["lr"]) == (0.01, 1e-5)
    assert {group["weight_decay"] for group in (others, pretrained)} == {0.2}
    learning = [p for p in recommender.parameters() if p.requires_grad]
    assert len(others["params"]) == len(learning) - len(pretrained["params"])


def test_the_log_is_json_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "LOG_STEPS", 4)
    progress = run_of(recipe_of(epochs=2), tmp_path).train(validating(0.5, 0.25)[0])
    lines = lines_of(tmp_path)
    of_steps = [(line["epoch"], line["step"]) for line in lines if "loss" in line]
    of_epochs = [line for line in lines if "epoch_loss" in line]
    assert of_steps == [(0, 4), (0, 8), (1, 4), (1, 8)]
    assert [line["epoch_loss"] for line in of_epochs] == progress.losses
    assert [line["validation"] for line in of_epochs] == [0.5, 0.25]
    assert all(line["examples_per_second"] for line in lines if "loss" in line)


def test_an_epochs_examples_are_the_same_whenever_asked_for(tmp_path: Path) -> None:
    recipe = recipe_of(next_clicks=0.5)
    run, again = (run_of(recipe, tmp_path / name) for name in "ab")
    first, same, next_ = run.examples(0), again.examples(0), run.examples(1)
    assert first.candidates_EC.tolist() == same.candidates_EC.tolist()
    assert first.candidates_EC.tolist() != next_.candidates_EC.tolist()
    clicked = len(run_of(recipe_of(), tmp_path / "c").examples(0))
    assert len(first) == len(next_) == clicked + round(clicked / 2)


# From a recipe and logs to a recommender


def logs() -> Logs:
    return Logs(LOG.take(np.arange(20)), LOG.take(np.arange(20, 30)), ["tiny"])


def test_a_recipe_is_trained_and_measured_on_the_validation(tmp_path: Path) -> None:
    trained = train(recipe_of(), logs(), tmp_path / "run")
    assert trained.progress.epoch == EPOCHS
    assert trained.progress.best == max(trained.progress.metrics)
    assert trained.validation is not None
    assert trained.validation.estimates["auc"].mean == pytest.approx(trained.progress.best)
    assert set(trained.metrics()) >= {"auc", "mrr", "ndcg@10"}
    assert not trained.recommender.training


def test_where_nothing_learns_the_recommender_is_only_measured(
    tiny_bert: Path, tmp_path: Path
) -> None:
    document = recipe_of("mean").model_dump(mode="json")
    document["text"] |= {
        "encoder": {"kind": "transformer", "folder": str(tiny_bert)},
        "pooling": "mean",
        "dimension": None,
        "centred": True,
    }
    trained = train(Recipe.model_validate(document), logs(), tmp_path / "run")
    assert trained.progress == Progress()
    assert trained.validation is not None
    assert not (tmp_path / "run" / "checkpoint").exists()


def test_a_metric_that_there_is_none_of_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match=r"training\.metric: there is no accuracy: auc"):
        train(recipe_of(metric="accuracy"), logs(), tmp_path / "run")


def test_validation_does_not_change_what_is_learned(tmp_path: Path) -> None:
    recipe, with_validation = recipe_of("nrms", 0.3), logs()
    without = replace(with_validation, validation=None)
    alone = train(recipe, without, tmp_path / "alone").progress
    validated = train(recipe, with_validation, tmp_path / "validated").progress
    assert validated.losses == alone.losses
