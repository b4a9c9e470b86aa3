"""Generations on disk: what is written is what is read, and nothing else is taken for it."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.adapters.snapshots import checked_json, tiers
from service.adapters.snapshots.snapshots import Snapshots
from service.catalogue.catalogue import Catalogue
from service.catalogue.entry import Entry
from service.domain.fields import ArticleId
from service.errors import TornSnapshot
from tests.catalogues import MODEL, STORE, new_catalogue, resealed, snapshots_in

DIMENSION = 8


def filled(catalogue: Catalogue, first: int, count: int, revision: int = 1) -> None:
    rng = np.random.default_rng(first)
    entries = [
        Entry(
            article_id=ArticleId(f"a{number}"),
            revision=revision,
            language=("en", "de", None)[number % 3],
            category=None,
            source=f"s{number % 5}",
            published=float(number),
            expires=1e12,
            title=f"Überschrift {number}" if number % 7 else "",
            entities=("Q1", "a, b\n") if number % 2 else (),
        )
        for number in range(first, first + count)
    ]
    vectors_ND = rng.standard_normal((count, DIMENSION)).astype(np.float16)
    catalogue.put(entries, vectors_ND, [f'{{"title": "{n}"}}'.encode() for n in range(count)])


@pytest.fixture
def snapshots(tmp_path: Path) -> Iterator[Snapshots]:
    with snapshots_in(tmp_path, DIMENSION) as made:
        yield made


def test_a_generation_is_read_as_it_was_written(tmp_path: Path, snapshots: Snapshots) -> None:
    catalogue = new_catalogue(DIMENSION)
    filled(catalogue, 0, 30)
    catalogue.withdraw(ArticleId("a3"), 5)
    new = resealed(catalogue, snapshots, b"1700000000000-3")
    again = Snapshots(tmp_path / "generations", store=STORE, model=MODEL, dimension=DIMENSION)
    sealed = again.load()
    assert sealed is not None
    assert (sealed.number, sealed.position) == (1, b"1700000000000-3")
    assert dict(sealed.withdrawn) == {"a3": 5}
    assert len(new) == len(catalogue) == 29
    for number in range(30):
        article_id = ArticleId(f"a{number}")
        assert new.entry(article_id) == catalogue.entry(article_id)
    (segment,) = sealed.segments
    documents = {segment.article_id(row): segment.texts["document"][row] for row in range(29)}
    assert documents[ArticleId("a7")] == b'{"title": "7"}'


def test_few_segments_stay_however_often_is_sealed(snapshots: Snapshots) -> None:
    catalogue = new_catalogue(DIMENSION)
    written = 0
    for turn in range(40):
        filled(catalogue, 10 * turn, 10)
        before = {segment.name for segment in catalogue.sealed.segments}
        catalogue = resealed(catalogue, snapshots)
        news = [s for s in catalogue.sealed.segments if s.name not in before]
        written += sum(map(len, news))
    assert len(catalogue) == 400
    assert len(catalogue.sealed.segments) <= 5
    assert written <= 6 * 400


@given(st.lists(st.integers(1, 50), max_size=60))
def test_tiers_keep_each_segment_a_few_times_larger_than_the_next(news: list[int]) -> None:
    sizes: list[int] = []
    for new in news:
        joined = tiers.joining(sizes, new)
        sizes[len(sizes) - joined :] = [new + sum(sizes[len(sizes) - joined :])]
        assert all(a >= tiers.FANOUT * b for a, b in itertools.pairwise(sizes))
    assert sum(sizes) == sum(news)


def test_dead_rows_leave_when_they_are_many_and_dead_segments_whole(snapshots: Snapshots) -> None:
    catalogue = new_catalogue(DIMENSION)
    filled(catalogue, 0, 100)
    catalogue = resealed(catalogue, snapshots)
    filled(catalogue, 100, 5)
    catalogue = resealed(catalogue, snapshots)
    assert [len(segment) for segment in catalogue.sealed.segments] == [100, 5]
    for number in range(30):
        catalogue.withdraw(ArticleId(f"a{number}"), 2)
    for number in range(100, 105):
        catalogue.withdraw(ArticleId(f"a{number}"), 2)
    filled(catalogue, 200, 1)
    catalogue = resealed(catalogue, snapshots)
    assert [len(segment) for segment in catalogue.sealed.segments] == [70, 1]
    assert len(catalogue) == 71


def test_what_no_generation_holds_is_removed(tmp_path: Path, snapshots: Snapshots) -> None:
    catalogue = new_catalogue(DIMENSION)
    for turn in range(8):
        filled(catalogue, 10 * turn, 10)
        catalogue = resealed(catalogue, snapshots)
    folder = tmp_path / "generations"
    assert len(list(folder.glob("generation-*.json"))) == 2
    used = {
        name
        for path in folder.glob("generation-*.json")
        for name in checked_json.read(path)["segments"]
    }
    assert {path.name for path in (folder / "segments").iterdir()} == used


def _shorter(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def _other(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def _nothing(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("damage", [_shorter, _other, _nothing])
@pytest.mark.parametrize(
    "name",
    [
        "generation-1.json",
        "generation-1.alive.npy",
        *(f"segments/*/{name}" for name in ("rows.npy", "vectors.faiss", "document.bin")),
        *(f"segments/*/{name}" for name in ("segment.json", "hashes.npy", "id.npy")),
    ],
)
def test_damage_is_found(
    tmp_path: Path, snapshots: Snapshots, name: str, damage: Callable[[Path], None]
) -> None:
    catalogue = new_catalogue(DIMENSION)
    filled(catalogue, 0, 30)
    resealed(catalogue, snapshots)
    (path,) = (tmp_path / "generations").glob(name)
    damage(path)
    again = Snapshots(tmp_path / "generations", store=STORE, model=MODEL, dimension=DIMENSION)
    with pytest.raises(TornSnapshot):
        again.load()


@pytest.mark.parametrize(
    "other", [{"store": "another"}, {"model": "another@1"}, {"dimension": DIMENSION + 1}]
)
def test_a_foreign_snapshot_is_refused(
    tmp_path: Path, snapshots: Snapshots, other: dict[str, object]
) -> None:
    catalogue = new_catalogue(DIMENSION)
    filled(catalogue, 0, 3)
    resealed(catalogue, snapshots)
    own = {"store": STORE, "model": MODEL, "dimension": DIMENSION, **other}
    with pytest.raises(TornSnapshot, match=next(iter(other))):
        Snapshots(tmp_path / "generations", **own).load()  # type: ignore[arg-type]


def test_what_was_set_aside_is_still_there_and_a_new_one_begins(
    tmp_path: Path, snapshots: Snapshots
) -> None:
    catalogue = new_catalogue(DIMENSION)
    filled(catalogue, 0, 3)
    new = resealed(catalogue, snapshots)
    aside = snapshots.set_aside()
    assert (aside / "CURRENT").exists()
    assert snapshots.load() is None
    filled(new, 3, 3)
    assert len(resealed(new, snapshots)) == 6


def test_one_process_writes_and_its_end_lets_another(tmp_path: Path, snapshots: Snapshots) -> None:
    other = Snapshots(tmp_path / "generations", store=STORE, model=MODEL, dimension=DIMENSION)
    assert not other.lead()
    snapshots.close()
    assert other.lead()
    other.close()
