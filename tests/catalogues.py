"""Catalogues for tests: new ones, and ones laid on a generation that was just written."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from service.adapters.faiss_index import FaissTail
from service.adapters.snapshots.snapshots import Snapshots
from service.catalogue.catalogue import Catalogue
from service.catalogue.sealed import Sealed

STORE, MODEL = "a-store", "a-model@1"


def new_catalogue(dimension: int, *, normalised: bool = True) -> Catalogue:
    """An empty catalogue."""
    return Catalogue(Sealed(dimension), lambda: FaissTail(dimension), normalised=normalised)


@contextmanager
def snapshots_in(folder: Path, dimension: int, store: str = STORE) -> Iterator[Snapshots]:
    """The generations in a folder, with this process as the one that writes."""
    snapshots = Snapshots(folder / "generations", store=store, model=MODEL, dimension=dimension)
    assert snapshots.lead()
    try:
        yield snapshots
    finally:
        snapshots.close()


def resealed(
    catalogue: Catalogue,
    snapshots: Snapshots,
    position: bytes = b"1-0",
    meanwhile: Callable[[Catalogue], None] = lambda _: None,
) -> Catalogue:
    """A catalogue on a new generation, as the service makes one; ``meanwhile`` happens while the
    generation is written.
    """
    known = catalogue.frozen()
    meanwhile(catalogue)
    snapshots.seal(known, position)
    sealed = snapshots.load()
    assert sealed is not None
    new = catalogue.on(sealed, known)
    new.catch_up(catalogue, known)
    return new
