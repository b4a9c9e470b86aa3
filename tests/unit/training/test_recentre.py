"""An artefact centred anew is what centring on those texts at first would have made."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from model_store.artefact import Artefact
from model_store.manifest import Attention
from model_store.news_encoder import NewsEncoder, NewsInputs
from model_store.store import DEFAULT_ARTEFACT, ModelStore
from training.cli import app
from training.errors import ExportFailed, UnreadableData
from training.export.from_folder import Wishes, export_folder
from training.export.recentre import recentre
from training.export.sample_texts import SAMPLE_TITLES

HALF = len(SAMPLE_TITLES) // 2
NEWS = [NewsInputs(title) for title in SAMPLE_TITLES]


@pytest.fixture(scope="module")
def own_titles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("own") / "own.txt"
    path.write_text("\n".join(SAMPLE_TITLES[HALF:]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def came_centred(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Artefact:
    folder = tmp_path_factory.mktemp("came")
    other = folder / "other.txt"
    other.write_text("\n".join(SAMPLE_TITLES[:HALF]), encoding="utf-8")
    return export_folder(tiny_bert, folder, "mini", Wishes(centring_texts=(other,)))


def test_centred_anew_is_as_if_centred_so_at_first(
    came_centred: Artefact, tiny_bert: Path, own_titles: Path, tmp_path: Path
) -> None:
    made = recentre(came_centred, tmp_path, "mini", {"own.txt": SAMPLE_TITLES[HALF:]})
    wishes = Wishes(centring_texts=(own_titles,))
    at_first = export_folder(tiny_bert, tmp_path, "at-first", wishes)
    # What rounding to eight bits is calibrated on were the texts of the day.
    for precision, near in (("fp32", 1e-5), ("int8", 2e-3)):
        mine_ND = NewsEncoder(made, precision).encode(NEWS)
        theirs_ND = NewsEncoder(at_first, precision).encode(NEWS)
        before_ND = NewsEncoder(came_centred, precision).encode(NEWS)
        assert np.abs(mine_ND - theirs_ND).max() < near
        assert np.abs(before_ND - theirs_ND).max() > 0.01


def test_the_new_version_says_what_it_is(came_centred: Artefact, tmp_path: Path) -> None:
    made = recentre(came_centred, tmp_path, "ours", {"own.txt": SAMPLE_TITLES[HALF:]})
    manifest, earlier = made.manifest, came_centred.manifest
    assert manifest.reference == "ours@1"
    assert manifest.lineage.settings["centred_again"] == earlier.reference
    assert manifest.lineage.data["centred on own.txt"] == HALF
    assert manifest.attribution.texts.endswith("centred on own.txt")
    assert manifest.parity == earlier.parity
    assert f"minus the mean vector of {HALF} texts" in made.path("card.md").read_text()


def test_a_third_centre_takes_the_place_of_the_second(
    came_centred: Artefact, tmp_path: Path
) -> None:
    second = recentre(came_centred, tmp_path, "ours", {"a.txt": SAMPLE_TITLES[HALF:]})
    third = recentre(second, tmp_path, "ours", {"b.txt": SAMPLE_TITLES[:HALF]})
    assert third.manifest.attribution.texts.count("centred on") == 1
    assert third.manifest.attribution.texts.endswith("centred on b.txt")
    assert "centred on b.txt" in third.manifest.lineage.data
    assert "centred on a.txt" not in third.manifest.lineage.data


def test_a_version_of_ours_comes_after_what_ships(came_centred: Artefact, tmp_path: Path) -> None:
    shipped = max(ModelStore.at().versions(DEFAULT_ARTEFACT))
    made = recentre(came_centred, tmp_path, DEFAULT_ARTEFACT, {"own.txt": SAMPLE_TITLES})
    assert made.manifest.version == shipped + 1


def test_a_user_encoder_keeps_the_vectors_that_it_learned_from(
    came_centred: Artefact, tmp_path: Path
) -> None:
    scoring = {"scoring": Attention(history_length=5)}
    trained = Artefact(came_centred.folder, came_centred.manifest.model_copy(update=scoring))
    with pytest.raises(ExportFailed, match="scores by attention"):
        recentre(trained, tmp_path, "mini", {"own.txt": SAMPLE_TITLES})


def test_a_handful_of_titles_has_no_mean_to_speak_of(
    came_centred: Artefact, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableData, match=r"at least 20 different texts; own\.txt holds 3$"):
        recentre(came_centred, tmp_path, "mini", {"own.txt": SAMPLE_TITLES[:3] * 20})
    assert not list(tmp_path.iterdir())


def test_the_command_makes_the_next_version_and_promotes_it(
    came_centred: Artefact, own_titles: Path
) -> None:
    store = came_centred.folder.parent.parent
    where = ["--store", str(store), "--centring-texts", str(own_titles)]
    said = CliRunner().invoke(app, ["centre", "mini@1", *where, "--promote"])
    assert said.exit_code == 0, said.output
    assert "mini@production is now mini@2" in said.output
    assert ModelStore.at(store).load("mini@production").manifest.version == 2
