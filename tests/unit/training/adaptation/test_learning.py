"""The loss falls, and a run ends with the same weights however often it is cut off."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count, pairwise
from pathlib import Path

import pytest
import torch

from tests.unit.training.adaptation.conftest import (
    CPU,
    LINES,
    PAIRS,
    SETTINGS,
    TEXTS,
    check_equal,
    fresh,
    texts_of,
    weights,
)
from training.adaptation.checkpoints import CHECKPOINT, LOG
from training.adaptation.decoder import Autoencoder, Batch
from training.adaptation.examples import examples
from training.adaptation.learning import Learned, fingerprint, learn
from training.adaptation.lesson import Lesson
from training.adaptation.packed import Packed
from training.adaptation.sampling import Tempered
from training.adaptation.settings import Adaptation
from training.adaptation.whole import WholeEncoder
from training.data.polynews import Texts
from training.errors import BadRecipe, Diverged


def lesson_of(whole: WholeEncoder, settings: Adaptation = SETTINGS, texts: Texts = TEXTS) -> Lesson:
    found = examples(settings, texts, PAIRS)
    sampling = Tempered.of(found.languages, settings.least_texts, settings.exponent)
    return Lesson(found, sampling, whole, settings.batch_size, settings.seed)


@dataclass(frozen=True, eq=False)
class CutOff(Lesson):
    """A lesson that is interrupted when its n-th batch is asked for."""

    last: int = 0
    calls: Iterator[int] = field(default_factory=lambda: count(1))

    def batch(self, step: int, device: torch.device) -> Batch:
        if next(self.calls) == self.last:
            raise KeyboardInterrupt
        return super().batch(step, device)


def cut_off(lesson: Lesson, last: int) -> Lesson:
    return CutOff(
        lesson.examples, lesson.sampling, lesson.encoder, lesson.batch_size, lesson.seed, last
    )


def run(
    folder: Path,
    work: Path,
    settings: Adaptation = SETTINGS,
    *,
    last: int = 0,
    validate: Callable[[Autoencoder], float] | None = None,
) -> tuple[Autoencoder, Learned]:
    """A run from the folder's weights; with dropout, whose dice must be the same, too."""
    whole, model = fresh(folder, dropout=0.1)
    lesson = lesson_of(whole, settings)
    worth = None if validate is None else lambda: validate(model)
    name = fingerprint(model, lesson, settings, validated=validate is not None)
    given = cut_off(lesson, last) if last else lesson
    return model, learn(model, given, settings, work, name, worth)


def log(work: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (work / LOG).read_text("utf-8").splitlines()]


@pytest.mark.parametrize("last", [4, 6])
@pytest.mark.parametrize("folder", ["tiny_bert", "tiny_xlm_roberta"])
def test_a_run_that_is_cut_off_goes_on_to_the_same_end(
    request: pytest.FixtureRequest, tmp_path: Path, folder: str, last: int
) -> None:
    base = request.getfixturevalue(folder)
    whole, _ = run(base, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(base, tmp_path / "cut off", last=last)
    resumed, learned = run(base, tmp_path / "cut off")
    check_equal(weights(whole), weights(resumed))
    assert learned.chosen == SETTINGS.steps
    assert log(tmp_path / "whole") == log(tmp_path / "cut off")
    assert [entry["step"] for entry in log(tmp_path / "whole")] == [2, 4, 6]


def test_a_run_that_ended_is_found_again(tiny_bert: Path, tmp_path: Path) -> None:
    first, learned = run(tiny_bert, tmp_path)
    again, found = run(tiny_bert, tmp_path, last=1)
    check_equal(weights(first), weights(again))
    assert found == learned


def test_the_best_checkpoint_is_chosen_and_not_the_last(tiny_bert: Path, tmp_path: Path) -> None:
    worths, seen = [0.9, 0.2, 0.6, 0.4], []

    def validate(model: Autoencoder) -> float:
        seen.append(weights(model.encoder))
        return worths[len(seen) - 1]

    model, learned = run(tiny_bert, tmp_path, validate=validate)
    assert (learned.chosen, [mark.worth for mark in learned.marks]) == (4, worths)
    assert [mark.step for mark in learned.marks] == [0, 2, 4, 6]
    assert learned.marks[0].loss is None
    check_equal(weights(model.encoder), seen[2])
    assert any((seen[3][name] != tensor).any() for name, tensor in seen[2].items())


def test_the_choice_survives_a_pause(tiny_bert: Path, tmp_path: Path) -> None:
    worths = iter([0.1, 0.5, 0.3, 0.4])
    with pytest.raises(KeyboardInterrupt):
        run(tiny_bert, tmp_path, last=6, validate=lambda _: next(worths))
    _, learned = run(tiny_bert, tmp_path, validate=lambda _: next(worths))
    assert (learned.chosen, [mark.worth for mark in learned.marks]) == (2, [0.1, 0.5, 0.3, 0.4])


def test_another_runs_folder_is_refused(tiny_bert: Path, tmp_path: Path) -> None:
    run(tiny_bert, tmp_path)
    for change in ({"seed": 1}, {"deletion": 0.5}, {"objective": "mt"}, {"steps": 8}):
        with pytest.raises(BadRecipe, match="holds another run"):
            run(tiny_bert, tmp_path, SETTINGS.model_copy(update=change))
    with pytest.raises(BadRecipe, match="holds another run"):
        run(tiny_bert, tmp_path, validate=lambda _: 0.5)
    run(tiny_bert, tmp_path, SETTINGS.model_copy(update={"name": "other"}))


def test_other_texts_weights_or_prefix_are_another_run(tiny_bert: Path) -> None:
    whole, model = fresh(tiny_bert)
    _, other_model = fresh(tiny_bert, seed=4)
    lesson = lesson_of(whole)
    others = [
        (model, lesson),
        (other_model, lesson),
        (model, lesson_of(whole, texts=texts_of(eng=LINES[1:]))),
        (model, lesson_of(replace(whole, prefix="query: "))),
    ]
    assert len({fingerprint(m, one, SETTINGS, validated=False) for m, one in others}) == 4


@pytest.mark.parametrize("folder", ["tiny_bert", "tiny_xlm_roberta"])
def test_a_few_sentences_are_learned(
    request: pytest.FixtureRequest, tmp_path: Path, folder: str
) -> None:
    settings = SETTINGS.model_copy(
        update={"steps": 40, "checkpoint_steps": 10, "learning_rate": 5e-3, "deletion": 0.3}
    )
    whole, model = fresh(request.getfixturevalue(folder))
    lesson = lesson_of(whole, settings, texts_of(eng=LINES[:8]))
    losses = [mark.loss or 0 for mark in learn(model, lesson, settings, tmp_path, "", None).marks]
    assert losses[-1] < losses[0] / 3


def test_a_loss_that_is_no_number_ends_the_run(tiny_bert: Path, tmp_path: Path) -> None:
    wild = SETTINGS.model_copy(update={"learning_rate": 1e38, "steps": 4})
    with pytest.raises(Diverged, match="lower learning_rate"):
        run(tiny_bert, tmp_path, wild)
    assert not (tmp_path / CHECKPOINT).exists()


def test_a_steps_batch_is_the_same_however_often_it_is_asked_for(tiny_bert: Path) -> None:
    whole, _ = fresh(tiny_bert)
    lesson = lesson_of(whole)

    def given(step: int) -> tuple[list[int], list[int]]:
        batch = lesson.batch(step, CPU)
        return batch.read.ids_N.tolist(), batch.told.ids_N.tolist()

    assert given(0) == given(0)
    assert given(0) != given(1)
    # 30 texts in batches of 8: the fourth is what is left of an epoch.
    read = [lesson.batch(step, CPU).read for step in range(5)]
    assert [len(texts.order) for texts in read] == [8, 8, 8, 6, 8]


def test_the_prefix_stands_before_what_is_read_alone(tiny_bert: Path) -> None:
    whole, _ = fresh(tiny_bert)
    lesson = lesson_of(replace(whole, prefix="world : "), texts=texts_of(eng=LINES[:8]))
    batch = lesson.batch(0, CPU)
    prefix = whole.told(["world :"])[0][:-1]
    assert [ids[: len(prefix)] for ids in texts_in(batch.read)] == [prefix] * 8
    assert sorted(texts_in(batch.told)) == sorted(ids[:-1] for ids in whole.told(LINES[:8]))


def texts_in(some: Packed) -> list[list[int]]:
    """Each text's token ids: a text begins where a place is 0."""
    begins = [*(some.places_N == 0).nonzero().flatten().tolist(), len(some.ids_N)]
    return [some.ids_N[begin:end].tolist() for begin, end in pairwise(begins)]
