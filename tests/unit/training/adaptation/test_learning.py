"""The loss falls, and a run ends with the same weights however often it is cut off."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count, pairwise
from pathlib import Path

import pytest
import torch

from tests.unit.training.adaptation.conftest import (
    LINES,
    PAIRS,
    SETTINGS,
    TEXTS,
    check_equal,
    fresh,
    texts_of,
    weights,
)
from training.adaptation.decoder import Autoencoder, Batch
from training.adaptation.examples import examples
from training.adaptation.learning import course_of, decoder_course, optimiser_of
from training.adaptation.lesson import Retelling
from training.adaptation.packed import Packed
from training.adaptation.sampling import Tempered
from training.adaptation.settings import Adaptation
from training.adaptation.whole import WholeEncoder
from training.course.course import LOG, Course
from training.data.polynews import Texts
from training.data.ragged import Int64
from training.errors import BadRecipe, Diverged


def lesson_of(
    whole: WholeEncoder, settings: Adaptation = SETTINGS, texts: Texts = TEXTS
) -> Retelling:
    found = examples(settings, texts, PAIRS)
    sampling = Tempered.of(found.languages, settings.least_texts, settings.exponent)
    return Retelling(found, sampling, whole, settings.batch_size, settings.seed)


@dataclass(frozen=True, eq=False)
class CutOff(Retelling):
    """A lesson that is interrupted when its n-th batch is asked for."""

    last: int = 0
    calls: Iterator[int] = field(default_factory=lambda: count(1))

    def batch(self, rows: Int64, step: int) -> Batch:
        if next(self.calls) == self.last:
            raise KeyboardInterrupt
        return super().batch(rows, step)


def cut_off(lesson: Retelling, last: int) -> Retelling:
    return CutOff(
        lesson.examples, lesson.sampling, lesson.encoder, lesson.rows_of_step, lesson.seed, last
    )


def course(
    model: Autoencoder,
    lesson: Retelling,
    settings: Adaptation,
    work: Path,
    *,
    validated: bool = False,
) -> Course[Batch]:
    return course_of(model, lesson, settings, work, validated=validated)


def run(
    folder: Path,
    work: Path,
    settings: Adaptation = SETTINGS,
    *,
    last: int = 0,
    validate: Callable[[Autoencoder], float] | None = None,
) -> tuple[Autoencoder, Course[Batch]]:
    """A run from the folder's weights; with dropout, whose dice must be the same, too."""
    whole, model = fresh(folder, dropout=0.1)
    lesson = lesson_of(whole, settings)
    worth = None if validate is None else lambda: validate(model)
    given = cut_off(lesson, last) if last else lesson
    taken = course(model, given, settings, work, validated=validate is not None)
    taken.finish(validate=worth)
    return model, taken


def log(work: Path) -> list[dict[str, float]]:
    """All but how fast it went."""
    lines = [json.loads(line) for line in (work / LOG).read_text("utf-8").splitlines()]
    return [{key: one[key] for key in one if key != "texts_per_second"} for one in lines]


@pytest.mark.parametrize("last", [4, 6])
@pytest.mark.parametrize("folder", ["tiny_bert", "tiny_xlm_roberta"])
def test_a_run_that_is_cut_off_goes_on_to_the_same_end(
    request: pytest.FixtureRequest, tmp_path: Path, folder: str, last: int
) -> None:
    base = request.getfixturevalue(folder)
    whole, _ = run(base, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(base, tmp_path / "cut off", last=last)
    resumed, taken = run(base, tmp_path / "cut off")
    check_equal(weights(whole), weights(resumed))
    assert taken.chosen.step == SETTINGS.steps
    assert log(tmp_path / "whole") == log(tmp_path / "cut off")
    assert [entry["step"] for entry in log(tmp_path / "whole")] == [2, 4, 6]


def test_a_run_that_ended_is_found_again(tiny_bert: Path, tmp_path: Path) -> None:
    first, taken = run(tiny_bert, tmp_path)
    again, found = run(tiny_bert, tmp_path, last=1)
    check_equal(weights(first), weights(again))
    assert found.marks == taken.marks


def test_the_best_checkpoint_is_chosen_and_not_the_last(tiny_bert: Path, tmp_path: Path) -> None:
    worths, seen = [0.9, 0.2, 0.6, 0.4], []

    def validate(model: Autoencoder) -> float:
        seen.append(weights(model.encoder))
        return worths[len(seen) - 1]

    model, taken = run(tiny_bert, tmp_path, validate=validate)
    assert (taken.chosen.step, [mark.worth for mark in taken.marks]) == (4, worths)
    assert [mark.step for mark in taken.marks] == [0, 2, 4, 6]
    assert taken.marks[0].loss is None
    check_equal(weights(model.encoder), seen[2])
    assert any((seen[3][name] != tensor).any() for name, tensor in seen[2].items())


def test_the_choice_survives_a_pause(tiny_bert: Path, tmp_path: Path) -> None:
    worths = iter([0.1, 0.5, 0.3, 0.4])
    with pytest.raises(KeyboardInterrupt):
        run(tiny_bert, tmp_path, last=6, validate=lambda _: next(worths))
    _, taken = run(tiny_bert, tmp_path, validate=lambda _: next(worths))
    assert (taken.chosen.step, [m.worth for m in taken.marks]) == (2, [0.1, 0.5, 0.3, 0.4])


def test_another_runs_folder_is_refused(tiny_bert: Path, tmp_path: Path) -> None:
    run(tiny_bert, tmp_path)
    for change in ({"seed": 1}, {"deletion": 0.5}, {"objective": "mt"}, {"steps": 8}):
        with pytest.raises(BadRecipe, match="holds a run of other settings or data"):
            run(tiny_bert, tmp_path, SETTINGS.model_copy(update=change))
    with pytest.raises(BadRecipe, match="holds a run of other settings or data"):
        run(tiny_bert, tmp_path, validate=lambda _: 0.5)
    run(tiny_bert, tmp_path, SETTINGS.model_copy(update={"name": "other"}))


def test_other_texts_weights_or_prefix_are_another_run(tiny_bert: Path, tmp_path: Path) -> None:
    whole, model = fresh(tiny_bert)
    _, other_model = fresh(tiny_bert, seed=4)
    lesson = lesson_of(whole)
    others = [
        (model, lesson),
        (other_model, lesson),
        (model, lesson_of(whole, texts=texts_of(eng=LINES[1:]))),
        (model, lesson_of(replace(whole, prefix="query: "))),
    ]
    found = [course(m, one, SETTINGS, tmp_path).fingerprint for m, one in others]
    assert len(set(found)) == 4


@pytest.mark.parametrize("folder", ["tiny_bert", "tiny_xlm_roberta"])
def test_a_few_sentences_are_learned(
    request: pytest.FixtureRequest, tmp_path: Path, folder: str
) -> None:
    settings = SETTINGS.model_copy(
        update={"steps": 40, "checkpoint_steps": 10, "learning_rate": 5e-3, "deletion": 0.3}
    )
    whole, model = fresh(request.getfixturevalue(folder))
    lesson = lesson_of(whole, settings, texts_of(eng=LINES[:8]))
    losses = course(model, lesson, settings, tmp_path).finish().losses
    assert losses[-1] < losses[0] / 3


def test_in_bf16_they_are_learned_too(tiny_bert: Path, tmp_path: Path) -> None:
    changes = {"steps": 40, "checkpoint_steps": 10, "learning_rate": 5e-3, "deletion": 0.3}
    settings = SETTINGS.model_copy(update={**changes, "mixed_precision": "bf16"})
    whole, model = fresh(tiny_bert)
    lesson = lesson_of(whole, settings, texts_of(eng=LINES[:8]))
    losses = course(model, lesson, settings, tmp_path).finish().losses
    assert losses[-1] < losses[0] / 3
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}


def test_before_the_course_the_decoders_own_parts_learn_alone(
    tiny_bert: Path, tmp_path: Path
) -> None:
    changes = {"decoder_steps": 4, "decoder_learning_rate": 5e-3}
    settings = SETTINGS.model_copy(update=changes)
    whole, model = fresh(tiny_bert)
    lesson, encoder, own = lesson_of(whole), weights(model.encoder), weights(model.decoder.own())
    with decoder_course(model, lesson, settings, tmp_path, validated=False) as alone:
        alone.finish()
    check_equal(encoder, weights(model.encoder))
    assert all((own[name] != w).any() for name, w in weights(model.decoder.own()).items())
    assert all(weight.requires_grad for weight in model.parameters())


def test_the_decoders_own_parts_have_a_rate_of_their_own(tiny_bert: Path) -> None:
    _, model = fresh(tiny_bert)

    def rates(**changes: float) -> list[float]:
        settings = SETTINGS.model_copy(update=changes)
        return [group["lr"] for group in optimiser_of(model, settings).param_groups]

    assert rates() == [SETTINGS.learning_rate] * 2
    assert rates(decoder_learning_rate=0.5) == [SETTINGS.learning_rate, 0.5]


def test_a_loss_that_is_no_number_ends_the_run(tiny_bert: Path, tmp_path: Path) -> None:
    wild = SETTINGS.model_copy(update={"learning_rate": 1e38, "steps": 4})
    with pytest.raises(Diverged, match="lower learning_rate"):
        run(tiny_bert, tmp_path, wild)
    assert not (tmp_path / "checkpoint").exists()


def test_a_steps_batch_is_the_same_however_often_it_is_asked_for(tiny_bert: Path) -> None:
    whole, _ = fresh(tiny_bert)
    lesson = lesson_of(whole)

    def given(step: int) -> tuple[list[int], list[int]]:
        batch = batch_at(lesson, step)
        return batch.read.ids_N.tolist(), batch.told.ids_N.tolist()

    assert given(0) == given(0)
    assert given(0) != given(1)
    # 30 texts in batches of 8: the fourth is what is left of an epoch.
    read = [batch_at(lesson, step).read for step in range(5)]
    assert [len(texts.order) for texts in read] == [8, 8, 8, 6, 8]


def test_the_prefix_stands_before_what_is_read_alone(tiny_bert: Path) -> None:
    whole, _ = fresh(tiny_bert)
    lesson = lesson_of(replace(whole, prefix="world : "), texts=texts_of(eng=LINES[:8]))
    batch = batch_at(lesson, 0)
    prefix = whole.told(["world :"])[0][:-1]
    assert [ids[: len(prefix)] for ids in texts_in(batch.read)] == [prefix] * 8
    assert sorted(texts_in(batch.told)) == sorted(ids[:-1] for ids in whole.told(LINES[:8]))


def batch_at(lesson: Retelling, step: int) -> Batch:
    return lesson.batch(lesson.rows(step), step)


def texts_in(some: Packed) -> list[list[int]]:
    """Each text's token ids: a text begins where a place is 0."""
    begins = [*(some.places_N == 0).nonzero().flatten().tolist(), len(some.ids_N)]
    return [some.ids_N[begin:end].tolist() for begin, end in pairwise(begins)]
