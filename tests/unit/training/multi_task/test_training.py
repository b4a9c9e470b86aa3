"""A multi-task recipe from the data to a recommender, and what is refused before it trains."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState
from torch import Tensor

from tests.unit.training.conftest import prepare
from tests.unit.training.multi_task.conftest import labelled_log, of_bert, of_words
from tests.unit.training.small_logs import log_of, seen
from training import loop
from training.data.impressions import ImpressionLog
from training.errors import BadRecipe
from training.examples import Examples, batch_of
from training.loop import Run
from training.models.recommender import Recommender
from training.multi_task.objective import ClicksAndTitles
from training.objective import ClickLoss
from training.recipe import MultiTask, Recipe
from training.recipes import find
from training.run import Logs, train

FROZEN = ("text.encoder.lora=null", "text.encoder.trained_layers=0")
SURGERIES = ("none", "symmetric", "main_priority")


def logs_of(log: ImpressionLog) -> Logs:
    return Logs(log, None, ["invented"])


def run_of(recipe: Recipe, log: ImpressionLog, folder: Path) -> Run:
    ready = prepare(recipe, log)
    objective = ClicksAndTitles.of(recipe, log)
    return Run(
        ready.recommender,
        recipe.training,
        log,
        ready.kept,
        ready.readers,
        folder,
        recipe.model_dump_json(),
        objective,
    )


def weights(recommender: Recommender) -> dict[str, Tensor]:
    return {name: weight.detach().clone() for name, weight in recommender.named_parameters()}


def test_the_recipe_is_the_papers() -> None:
    recipe = find("mtrec")
    assert recipe.multi_task == MultiTask(
        heads=("category", "sentiment"), weight=0.3, surgery="symmetric"
    )
    lora = recipe.model_dump()["text"]["encoder"]["lora"]
    assert (lora["rank"], lora["alpha"], lora["rank_stabilised"]) == (16, 16, True)
    assert (recipe.text.pooling, recipe.users.kind) == ("cls", "additive_per_dimension")
    training = recipe.training
    assert (training.learning_rate, training.schedule, training.warm_up) == (2e-5, "one_cycle", 0.1)
    assert (training.history_length, training.negatives) == (30, 4)


@pytest.mark.parametrize("surgery", SURGERIES)
def test_a_step_follows_the_gradients_that_surgery_makes(
    surgery: str, log: ImpressionLog, tmp_path: Path
) -> None:
    """Against plain differentiation of both losses, the formulas written out."""
    run = run_of(of_words(f"multi_task.surgery={surgery}"), log, tmp_path)
    batch = batch_of(run.examples(0), run.kept)
    names, values = zip(*run.model.named_parameters(), strict=True)
    main, told = (
        dict(zip(names, torch.autograd.grad(loss, values, retain_graph=True), strict=True))
        for loss in run.objective.loss(run.model, batch)
    )
    news = [name for name in names if name.startswith("recommender.news")]
    flat_m, flat_a = (torch.cat([of[name].flatten() for name in news]) for of in (main, told))
    inner = flat_m @ flat_a
    assert inner < -0.01 * flat_m.norm() * flat_a.norm()  # they do conflict
    of_m, of_a = 1 - inner / flat_m.square().sum(), 1 - inner / flat_a.square().sum()
    factors = {"none": (1, 1), "symmetric": (of_m, of_a), "main_priority": (of_m, 1)}
    run.objective.backward(run.model, run.objective.loss(run.model, batch), run.accelerator)
    for name, weight in run.model.named_parameters():
        by_m, by_a = factors[surgery] if name in news else (1, 1)
        expected = by_m * main[name] + by_a * told[name]
        torch.testing.assert_close(weight.grad, expected, atol=1e-6, rtol=1e-4, msg=name)
        assert name in news or not (main[name].any() and told[name].any())


def test_with_lora_exactly_the_adapters_the_reader_and_the_heads_learn(
    log: ImpressionLog, tiny_bert: Path, tmp_path: Path
) -> None:
    run = run_of(of_bert(tiny_bert), log, tmp_path)
    heads = {name for name, _ in run.model.named_parameters() if name.startswith("heads.")}
    before = {name: weight.detach().clone() for name, weight in run.model.named_parameters()}
    run.train()
    after = dict(run.model.named_parameters())
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved == {name for name, weight in after.items() if weight.requires_grad}
    adapters = {name for name in moved if "lora_" in name}
    reader = {f"recommender.users.attend.{part}" for part in ("project.weight", "query_D")}
    assert moved == adapters | reader | heads
    assert len(heads) == 2 * 2
    assert len(adapters) == 2 * 2 * 3  # A and B, in two layers, of query, key and value
    assert sum(after[name].numel() for name in adapters) == 2 * 3 * 2 * (64 * 4)


def test_without_other_tasks_the_clicks_alone_are_learned(
    log: ImpressionLog, tmp_path: Path
) -> None:
    alone = of_words("multi_task=null")
    plain = find("additive").changed(
        [
            f"{part}={json.dumps(value)}"
            for part, value in alone.model_dump(mode="json").items()
            if part not in ("name", "source")
        ]
    )
    expected = train(plain, logs_of(log), tmp_path / "plain").progress.losses
    assert train(alone, logs_of(log), tmp_path / "alone").progress.losses == expected
    several = train(of_words(), logs_of(log), tmp_path / "several").progress.losses
    assert several[0] > expected[0]  # the heads' losses stand in it


@pytest.fixture(params=["no", "bf16"])
def precision(request: pytest.FixtureRequest) -> Iterator[str]:
    """One that the machine has; a process computes in one for all of its life, tests aside."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield str(request.param)
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.mark.parametrize("surgery", SURGERIES)
def test_every_form_trains_in_every_precision(
    surgery: str, precision: str, log: ImpressionLog, tmp_path: Path
) -> None:
    recipe = of_words(
        f"multi_task.surgery={surgery}",
        'multi_task.heads=["category", "sentiment", "entities"]',
        f"training.mixed_precision={precision}",
    )
    trained = train(recipe, logs_of(log), tmp_path)
    assert len(trained.progress.losses) == 2
    assert np.isfinite(trained.progress.losses).all()
    assert all(weight.grad is None for weight in trained.recommender.parameters())


def test_a_run_that_broke_off_goes_on_as_if_it_had_not(
    log: ImpressionLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_of(of_words(), log, tmp_path / "whole")
    expected = whole.train()
    monkeypatch.setattr(loop, "CHECKPOINT_STEPS", 1)
    step, steps = Run._step, iter([False, False, True])

    def breaking(self: Run, examples: Examples) -> float:
        if next(steps):
            raise KeyboardInterrupt
        return step(self, examples)

    monkeypatch.setattr(Run, "_step", breaking)
    with pytest.raises(KeyboardInterrupt):
        run_of(of_words(), log, tmp_path / "broken").train()
    monkeypatch.setattr(Run, "_step", step)
    again = run_of(of_words(), log, tmp_path / "broken")
    assert again.train().losses == pytest.approx(expected.losses, abs=1e-6)
    for name, weight in weights(whole.recommender).items():
        torch.testing.assert_close(weights(again.recommender)[name], weight, msg=name)


def test_a_run_of_other_labels_is_not_gone_on_with(log: ImpressionLog, tmp_path: Path) -> None:
    train(of_words(), logs_of(log), tmp_path)
    other = log.news.with_sentiment({log.news.ids[3]: "positive"})
    with pytest.raises(BadRecipe, match="holds a run of other settings or data"):
        train(of_words(), logs_of(replace(log, news=other)), tmp_path)


def test_what_training_never_met_is_scored_all_the_same(tmp_path: Path) -> None:
    """News of a category, a sentiment and entities that no head knows."""
    log = labelled_log(days=2)
    late = [place for place in range(len(log)) if place >= len(log) // 2]
    later = log.take(np.array(late))
    news = log.news.frame.with_columns(
        category=later.news.frame["category"].str.replace("politics", "weather")
    )
    table = type(log.news)(news)
    logs = Logs(replace(log.take(np.arange(late[0])), news=table), replace(later, news=table), "ab")
    trained = train(of_words(), logs, tmp_path)
    assert trained.validation is not None
    assert trained.validation.impressions == len(later)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["text.encoder.lora.targets=['w']"], "w match no linear layer"),
        ([*FROZEN], "nothing of the news encoder learns"),
        ([*FROZEN, "users.kind=mean"], "nothing of the news encoder learns"),
        (["news=lstur", "users.kind=lstur_ini"], "news=lstur reads the category that a head"),
        (["text.template={title} ({subcategory})"], "text.template reads the category that a head"),
        (["multi_task.heads=['category', 'category']"], "a head is named twice"),
        (["multi_task.heads=[]"], "multi_task.heads: Tuple should have at least 1 item"),
        (["multi_task.heads=['topic']"], "multi_task.heads.0: Input should be 'category'"),
        (["multi_task.surgery=open"], "multi_task.surgery: Input should be 'none'"),
        (["multi_task.weight=0"], "multi_task.weight: Input should be greater than 0"),
    ],
)
def test_what_cannot_be_is_said_before_anything_trains(
    changes: list[str],
    said: str,
    log: ImpressionLog,
    tiny_bert: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Run, "_step", None)
    with pytest.raises(BadRecipe) as raised:
        train(of_bert(tiny_bert, *(c.replace("'", '"') for c in changes)), logs_of(log), tmp_path)
    assert said in str(raised.value)


def test_a_head_without_labels_is_said_before_the_encoder_is_loaded(tmp_path: Path) -> None:
    bare = log_of(seen({"c": 1, "d": 0}), title={"h": "x", "c": "y", "d": "z"})
    recipe = find("mtrec").changed(["text.encoder.folder=nowhere"])
    with pytest.raises(BadRecipe, match="no category to tell apart in the titles"):
        train(recipe, logs_of(bare), tmp_path)


def test_another_objective_beside_the_recipes_tasks_is_refused(
    log: ImpressionLog, tmp_path: Path
) -> None:
    with pytest.raises(BadRecipe, match="multi_task: this run has an objective of its own"):
        train(of_words(), logs_of(log), tmp_path, ClickLoss())
