"""The artefact that ships: there, whole, small enough for a repository, and attributed."""

import pytest

from model_store.artefact import Artefact
from model_store.store import DEFAULT_ALIAS, DEFAULT_ARTEFACT, SHIPPED, ModelStore

LARGEST_BYTES = 25_000_000
FEWEST_LANGUAGES = 20


@pytest.fixture(scope="module")
def artefact() -> Artefact:
    return ModelStore.at().load(DEFAULT_ARTEFACT)


def test_every_version_is_whole_and_production_points_to_the_newest() -> None:
    store = ModelStore.at()
    versions = store.versions(DEFAULT_ARTEFACT)
    for version in versions:
        store.load(f"{DEFAULT_ARTEFACT}@{version}")
    assert store.aliases(DEFAULT_ARTEFACT)[DEFAULT_ALIAS].version == max(versions)


def test_all_that_ships_is_small_enough_for_a_repository() -> None:
    files = [file for file in SHIPPED.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= LARGEST_BYTES


def test_nothing_lies_there_that_no_manifest_lists(artefact: Artefact) -> None:
    there = {file.name for file in artefact.folder.iterdir()}
    assert there == {*artefact.manifest.files, "manifest.json"}


def test_it_speaks_many_languages_and_says_whose_work_it_is(artefact: Artefact) -> None:
    manifest = artefact.manifest
    assert len(set(manifest.languages)) == len(manifest.languages) >= FEWEST_LANGUAGES
    assert manifest.attribution.weights
    assert manifest.attribution.weights_license
    assert manifest.attribution.texts
    assert manifest.attribution.texts_license
