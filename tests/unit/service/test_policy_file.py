from pathlib import Path

import pytest

from service.adapters.policy_file import read_policies
from service.adapters.watched_file import WatchedFile
from service.domain.policy import MODEL_ALONE, RankingPolicy
from service.errors import SetupError

GOOD = """
[scenarios.default]
diversity = 0.4

[scenarios.breaking]
extends = "default"
freshness = { weight = 0.5, half_life_hours = 3, categories = { sport = 12 } }

[scenarios.explorers]
extends = "breaking"
[scenarios.explorers.explore]
share = 0.2

[experiments.fresher]
scenario = "default"
[experiments.fresher.variants.control]
share = 0.5
scenario = "default"
[experiments.fresher.variants.treatment]
share = 0.5
scenario = "breaking"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "policies.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_scenarios_extend_each_other_and_keep_the_defaults(tmp_path: Path) -> None:
    book = read_policies(written(tmp_path, GOOD))
    assert book.names == ["breaking", "default", "explorers", "model"]
    explorers = book.policy("explorers")
    assert explorers is not None
    assert explorers.diversity == 0.4
    assert explorers.freshness.half_life_hours == 3
    assert explorers.freshness.categories == {"sport": 12}
    assert explorers.explore is not None
    assert explorers.explore.share == 0.2
    assert explorers.dislikes == RankingPolicy().dislikes
    assert book.policy("model") == MODEL_ALONE
    assert book.policy("nowhere") is None


def test_a_reader_stays_in_their_variant_and_others_are_in_none(tmp_path: Path) -> None:
    book = read_policies(written(tmp_path, GOOD))
    decisions = {user: book.decide("default", user) for user in ("u1", "u2", "u3", "u4", "u5")}
    assert {decision.variant for decision in decisions.values()} == {"control", "treatment"}
    assert all(book.decide("default", user) == decision for user, decision in decisions.items())
    for decision in decisions.values():
        expected = "breaking" if decision.variant == "treatment" else "default"
        assert decision.scenario == expected
        assert decision.policy == book.policy(expected)
    assert book.decide("default", None).variant is None
    assert book.decide("model", "u1").experiment is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[scenarios.x", "TOML"),
        ("[scenarios.x]\ndiversity = 2", "scenarios.x.diversity"),
        ("[scenarios.x]\ndiversty = 0.2", "scenarios.x.diversty"),
        ("[scenarios.model]\ndiversity = 0.2", "built in"),
        ("[scenarios.Bad-Name]\ndiversity = 0.2", "Bad-Name"),
        ('[scenarios.x]\nextends = "y"', "'y'"),
        ('[scenarios.x]\nextends = ["y"]', "'y'"),
        ('[scenarios.x]\nextends = "y"\n[scenarios]\ny = 3', "y"),
        ('[scenarios.x]\nextends = "y"\n[scenarios.y]\nextends = "x"', "circle"),
        ("scenarios = 3", "scenarios"),
        (GOOD.replace("share = 0.5", "share = 0.4"), "sum to 0.8"),
        (GOOD.replace('scenario = "breaking"', 'scenario = "broken"'), "broken"),
        (GOOD + GOOD.replace("fresher", "other").partition("[exp")[2].join(["[exp", ""]), "both"),
    ],
)
def test_a_wrong_file_is_refused_as_a_whole(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SetupError, match=said):
        read_policies(written(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"none\.toml"):
        read_policies(tmp_path / "none.toml")


def test_a_change_is_taken_over_only_if_it_is_sound(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(tmp_path, GOOD)
    file = WatchedFile("the policies", path, read_policies)
    before = file.content
    file.refresh()
    assert file.content is before
    written(tmp_path, GOOD.replace("diversity = 0.4", "diversity = 4"))
    file.refresh()
    assert file.content is before
    assert "diversity" in caplog.text
    written(tmp_path, GOOD.replace("diversity = 0.4", "diversity = 0.7"))
    file.refresh()
    assert file.content.policy("default").diversity == 0.7
    path.unlink()
    file.refresh()
    assert file.content.policy("default").diversity == 0.7


def test_what_is_built_in_can_be_extended_and_stages_turned_off(tmp_path: Path) -> None:
    text = '[scenarios.x]\nextends = "model"\ndiversity = 0.5\n'
    text += "[scenarios.y]\nexplore = false\nimpressions = false\nduplicates = false\n"
    book = read_policies(written(tmp_path, text))
    assert book.policy("x") == MODEL_ALONE.model_copy(update={"diversity": 0.5})
    plain = book.policy("y")
    assert (plain.explore, plain.impressions, plain.duplicates) == (None, None, None)


def test_counts_start_anew_when_readers_are_split_otherwise(tmp_path: Path) -> None:
    def key(text: str) -> str:
        return read_policies(written(tmp_path, text)).decide("default", "u").counted_under

    assert key(GOOD) == key(GOOD)
    assert key(GOOD) != key(GOOD.replace('scenario = "default"', 'salt = "2"', 1))
