"""Generations on disk: what is written is what is read, and nothing else is taken for it."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.adapters import faiss_index
from service.adapters.snapshots import checked_json, tiers
from service.adapters.snapshots.snapshots import Snapshots
from service.catalogue.catalogue import Catalogue
from service.catalogue.entry import Entry
from service.catalogue.segment import hashes_of
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


def test_a_withdrawal_of_any_revision_holds_while_a_generation_is_written(
    snapshots: Snapshots,
) -> None:
    """Reconciling withdraws by the revision that an article had, which may be long ago."""
    catalogue = new_catalogue(DIMENSION)
    filled(catalogue, 0, 10)
    catalogue = resealed(catalogue, snapshots)
    gone = ArticleId("a3")
    new = resealed(
        catalogue, snapshots, b"1900000000000-0", meanwhile=lambda old: old.withdraw(gone, 2)
    )
    assert gone not in new
    assert gone not in resealed(new, snapshots, b"1900000000001-0")


def test_a_withdrawal_alone_is_a_change(snapshots: Snapshots) -> None:
    catalogue = new_catalogue(DIMENSION)
    filled(catalogue, 0, 3)
    catalogue = resealed(catalogue, snapshots)
    assert catalogue.changes == 0
    catalogue.withdraw(ArticleId("a1"), 2)
    assert catalogue.changes == 1


def test_withdrawals_are_forgotten_when_they_are_old(snapshots: Snapshots) -> None:
    catalogue = new_catalogue(DIMENSION)
    day = 86_400
    for number in range(30):
        filled(catalogue, number, 1, revision=number * day * 1_000_000 + 1)
        catalogue.withdraw(ArticleId(f"a{number}"), number * day * 1_000_000 + 2)
        catalogue = resealed(catalogue, snapshots, f"{number * day * 1000 + 1}-0".encode())
    assert 7 <= len(catalogue.withdrawn) <= 9
    assert len(catalogue) == 0


def test_a_disk_that_refuses_leaves_nothing_behind(
    tmp_path: Path, snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = new_catalogue(DIMENSION)
    filled(catalogue, 0, 100)
    catalogue = resealed(catalogue, snapshots)
    for number in range(40):  # two segments are to be written: this one anew, and a new one
        catalogue.withdraw(ArticleId(f"a{number}"), 2)
    filled(catalogue, 200, 1)
    before = sorted(path.name for path in (tmp_path / "generations").rglob("*"))
    write, calls = faiss_index.write, itertools.count()

    def refuses(folder: Path, dimension: int, pieces: Any) -> None:
        if next(calls):
            raise OSError(28, "No space left on device")
        write(folder, dimension, pieces)

    monkeypatch.setattr(faiss_index, "write", refuses)
    with pytest.raises(OSError, match="No space"):
        snapshots.seal(catalogue.frozen(), b"1-0")
    monkeypatch.undo()
    assert sorted(path.name for path in (tmp_path / "generations").rglob("*")) == before
    assert len(resealed(catalogue, snapshots)) == 61


def test_what_is_not_stored_any_more_is_found_by_its_hash(snapshots: Snapshots) -> None:
    catalogue = new_catalogue(DIMENSION)
    filled(catalogue, 0, 50)
    catalogue = resealed(catalogue, snapshots)
    filled(catalogue, 50, 10)
    catalogue.withdraw(ArticleId("a7"), 2)
    stored = hashes_of([f"a{n}".encode() for n in range(60) if n % 10])
    assert catalogue.gone(stored) == {f"a{n}": 2 for n in range(0, 60, 10)}
    assert catalogue.gone(hashes_of([])) == {f"a{n}": 2 for n in range(60) if n != 7}


def test_numbers_go_on_after_a_generation_was_set_aside(snapshots: Snapshots) -> None:
    catalogue = new_catalogue(DIMENSION)
    filled(catalogue, 0, 3)
    catalogue = resealed(catalogue, snapshots)
    snapshots.set_aside()
    assert resealed(catalogue, snapshots).sealed.number == 2


def test_a_generation_that_stands_stays_where_the_clearing_after_it_fails(
    snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise OSError(13, "Permission denied")

    catalogue = new_catalogue(DIMENSION)
    for turn in range(2):
        filled(catalogue, 10 * turn, 10)
        catalogue = resealed(catalogue, snapshots)
    filled(catalogue, 20, 10)
    monkeypatch.setattr(Path, "unlink", refuses)  # the first is to be cleared away now
    with pytest.raises(OSError, match="Permission"):
        snapshots.seal(catalogue.frozen(), b"1-0")
    monkeypatch.undo()
    sealed = snapshots.load()
    assert sealed is not None
    assert sealed.number == 3
    assert sealed.alive_S.sum() == 30
