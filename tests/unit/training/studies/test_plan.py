"""In which order rows are made, and when they are not made again."""

from pathlib import Path

import pytest

from tests.unit.training.studies.toys import counting, row, study_of
from training.errors import BadRecipe, UnreadableData
from training.studies import finished
from training.studies.plan import duration, in_order, plan
from training.studies.running import run
from training.studies.study import Study


def names(study: Study, *chosen: str) -> list[str]:
    return [one.name for one in in_order(study, chosen or [r.name for r in study.rows])]


def test_a_row_comes_behind_all_that_it_needs() -> None:
    study = study_of(row("d", ["b", "c"]), row("b", ["a"]), row("c", ["a"]), row("a"))
    assert names(study) == ["a", "b", "c", "d"]


def test_a_chosen_row_brings_its_needs_and_nothing_else() -> None:
    study = study_of(row("a"), row("b"), row("c", ["a"]), row("d", ["c"]))
    assert names(study, "d") == ["a", "c", "d"]
    assert names(study, "b", "c") == ["b", "a", "c"]


def test_rows_that_need_each_other_are_refused() -> None:
    study = study_of(row("a", ["c"]), row("b", ["a"]), row("c", ["b"]))
    with pytest.raises(ValueError, match="a → c → b → a"):
        names(study)


def test_a_row_that_there_is_not_is_named_beside_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match="toy has no row x: a, b"):
        plan(study_of(row("a"), row("b")), tmp_path, ["x"])


def test_planning_writes_nothing(tmp_path: Path) -> None:
    steps = plan(study_of(row("a")), tmp_path / "work")
    assert [step.finished for step in steps] == [None]
    assert steps[0].minutes == 10
    assert list(tmp_path.iterdir()) == []


def test_a_finished_row_is_not_made_again_and_a_changed_setting_makes_it_anew(
    tmp_path: Path,
) -> None:
    done: list[str] = []
    for steps_of_row in (1, 1, 2, 1):
        a = row("a", make=counting(done, "a"), steps=steps_of_row)
        b = row("b", ["a"], make=counting(done, "b"))
        study = study_of(a, b, row("c", make=counting(done, "c")))
        run(study, plan(study, tmp_path), tmp_path)
    assert done == ["a", "b", "c", "a", "b"]  # what needs the changed row is made anew with it


def test_another_content_of_an_input_is_another_row(tmp_path: Path) -> None:
    file, done = tmp_path / "data" / "log.tsv", list[str]()
    file.parent.mkdir()
    for content in ("one", "one", "two"):
        finished.digest.cache_clear()  # as in another process
        file.write_text(content)
        study = study_of(row("a", make=counting(done, "a"), inputs=[file.parent]))
        run(study, plan(study, tmp_path / "work"), tmp_path / "work")
    assert done == ["a", "a"]


def test_an_input_that_is_not_there_is_said_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(UnreadableData, match="nowhere cannot be read"):
        plan(study_of(row("a"), row("b", inputs=[tmp_path / "nowhere"])), tmp_path)


def test_a_damaged_row_is_named_with_what_to_do(tmp_path: Path) -> None:
    study = study_of(row("a"))
    results = run(study, plan(study, tmp_path), tmp_path)
    (results.finished["a"].folder / finished.SAMPLES).write_bytes(b"cut off")
    with pytest.raises(UnreadableData, match="is damaged: remove it"):
        plan(study, tmp_path)


@pytest.mark.parametrize(
    ("minutes", "said"), [(0.5, "30 s"), (1, "1 min"), (12.4, "12 min"), (210, "3.5 h")]
)
def test_durations_are_said_as_people_do(minutes: float, said: str) -> None:
    assert duration(minutes) == said
