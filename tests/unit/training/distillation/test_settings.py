"""A distillation's settings: valid as they are, and refused where they do not fit."""

import json
import sys

import pytest

from training.cli import main
from training.distillation.settings import Distillation
from training.errors import BadRecipe


def test_they_survive_json_and_change_like_a_recipes() -> None:
    settings = Distillation()
    assert Distillation.validated(json.loads(settings.model_dump_json())) == settings
    changed = settings.changed(["student.layers=[0, 3]", "corpus.titles=null", "name=tiny"])
    assert (changed.student.layers, changed.corpus.titles, changed.name) == ((0, 3), None, "tiny")
    assert changed.learning == settings.learning


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("student.layers=[2, 0]", "student: Value error, layers must rise"),
        ("student.layers=[0, 0]", "student: Value error, layers must rise"),
        ("student.layers=[-1, 0]", "student.layers.0: Input should be greater than or equal to 0"),
        ("student.layers=[]", "student.layers: Tuple should have at least 1 item"),
        ("student.positions=63", "student: Value error, 64 tokens need as many positions"),
        ("learning.epochs=0", "learning.epochs: "),
        ("vocabulary.pieces=10", "vocabulary.pieces: "),
        ("corpus.tittles=1", "corpus.tittles: there is no tittles; there are definitions,"),
        ("targets.first=1", "targets.first: there is no first; there are second,"),
    ],
)
def test_what_does_not_fit_says_where(change: str, message: str) -> None:
    with pytest.raises(BadRecipe) as raised:
        Distillation().changed([change])
    assert message in str(raised.value)


def test_the_command_shows_them_and_does_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["distil", "--show", "--set", "learning.epochs=9"]
    monkeypatch.setattr(sys, "argv", ["newsstand-train", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 0
    shown = Distillation.validated(json.loads(capsys.readouterr().out))
    assert shown == Distillation().changed(["learning.epochs=9"])


def test_the_command_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["newsstand-train", "distil"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "--second-teacher" in capsys.readouterr().err
