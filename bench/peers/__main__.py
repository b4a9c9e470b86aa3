"""The service beside its peers, all in one run, as ratios with the figures beside them.

1. Recommending: 100,000 articles, 10,000 readers of 50 clicks, 20 items; the service with all
   stages of its default policy on, the service by the model's order alone, and the obvious
   hand-made stack (``bench.peers.handmade``), with a graph index and with an exact one.
2. Taking articles in over HTTP.
3. Promises: what should not be in an answer, and what becomes of a request without its store.
4. Retrieval: our index beside qdrant-edge's recommend (``bench.peers.qdrant``).

Encoding beside infinity-emb is ``bench.encoder``'s; its last figures are quoted. The peers have
environments of their own, as their modules say; without them their parts are left out.
"""

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import faiss

from bench.data import titles
from bench.encoders import folders
from bench.machine import describe
from bench.peers import promises, recommending, retrieval, table, taking_in
from bench.peers.handmade_stack import Handmade
from bench.peers.newsstand import MODEL_ALONE, Newsstand
from bench.peers.recommending import Size
from bench.peers.stack import Stack
from model_store.artefact import Artefact
from model_store.store import ModelStore
from training import minilm

WHOLE = Size(articles=100_000, readers=10_000, seconds=10.0)
SMALL = Size(articles=5_000, readers=200, seconds=2.0)
TITLES, SMALL_TITLES = 3_000, 300
SMALL_QUERIES = 20
OUT = Path("bench/out/peers.json")


@dataclass(frozen=True)
class Field:
    """Makes the stacks that are compared; each part has its own, with stores that begin empty."""

    artefact: Artefact
    handmade: Path | None
    weights: Path
    folder: Path

    def newsstand(self, part: str) -> Newsstand:
        """The service with the artefact as it is."""
        name = f"newsstand {self.artefact.manifest.best_precision('cpu')}"
        return Newsstand.of(name, self.folder / f"{part}-newsstand", self.artefact)

    def newsstand_by_model_alone(self, part: str) -> Newsstand:
        """The service with all stages of the policy off."""
        folder = self.folder / f"{part}-model-alone"
        return Newsstand.of("newsstand, scenario model", folder, self.artefact, MODEL_ALONE)

    def newsstand_fp32(self, part: str) -> Newsstand:
        """The service with the artefact's fp32 alone."""
        store = self.folder / f"{part}-fp32-store"
        folders.fp32_alone(self.artefact, store)
        manifest = self.artefact.manifest
        artefact = ModelStore.at(store).load(f"{manifest.name}@{manifest.version}")
        return Newsstand.of("newsstand fp32", self.folder / f"{part}-fp32", artefact)

    def handmades(self, part: str, *indexes: str) -> list[Stack]:
        """The hand-made stack with these indexes; none without its environment."""
        if self.handmade is None:
            return []
        model = self.folder / f"{part}-weights"
        folders.for_peers(self.weights, self.artefact, model)
        dimension = self.artefact.manifest.dimension
        return [
            Handmade.of(self.folder / f"{part}-{kind}", self.handmade, model, kind, dimension)
            for kind in indexes
        ]


def main() -> None:
    """Measure, print tables, and write ``bench/out/peers.json``."""
    options = _options()
    faiss.omp_set_num_threads(1)
    artefact = ModelStore.at(options.model_store).load(options.model)
    results: dict[str, Any] = {"machine": describe(), "model": artefact.manifest.reference}
    with tempfile.TemporaryDirectory() as name:
        field = Field(artefact, options.handmade, options.weights or minilm.folder(), Path(name))
        for part in options.parts:
            print(f"{part} ...", flush=True)
            results[part] = MEASURED[part](field, options)
    results["encoding"] = table.encoding(artefact.manifest.reference)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(results, indent=2) + "\n")
    print(table.of(results))


def _recommending(field: Field, options: argparse.Namespace) -> dict[str, Any]:
    stacks = [
        field.newsstand("recommending"),
        field.newsstand_by_model_alone("recommending"),
        *field.handmades("recommending", "hnsw", "flat"),
    ]
    return asyncio.run(recommending.compared(stacks, SMALL if options.small else WHOLE))


def _taking_in(field: Field, options: argparse.Namespace) -> dict[str, Any]:
    _, texts = titles(SMALL_TITLES if options.small else TITLES)
    stacks = [field.newsstand("in"), field.newsstand_fp32("in"), *field.handmades("in", "hnsw")]
    return taking_in.compared(stacks, texts, len(os.sched_getaffinity(0)))


def _promises(field: Field, _: argparse.Namespace) -> dict[str, Any]:
    stacks = [field.newsstand("promises"), *field.handmades("promises", "hnsw")]
    return {stack.name: asyncio.run(promises.counted(stack)) for stack in stacks}


def _retrieval(field: Field, options: argparse.Namespace) -> dict[str, Any]:
    articles = (SMALL if options.small else WHOLE).articles
    queries = SMALL_QUERIES if options.small else retrieval.QUERIES
    store, model = options.model_store, options.model
    found = retrieval.compared(store, model, articles, queries, options.qdrant)
    return {"facts": found.facts, "rows": [asdict(row) for row in found.rows]}


MEASURED: Mapping[str, Callable[[Field, argparse.Namespace], dict[str, Any]]] = {
    "recommending": _recommending,
    "taking-in": _taking_in,
    "promises": _promises,
    "retrieval": _retrieval,
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model-store", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--weights", type=Path, help="its Hugging Face folder; all-MiniLM-L6")
    parser.add_argument("--handmade", type=Path, help="its environment's Python")
    parser.add_argument("--qdrant", type=Path, help="its environment's Python")
    parser.add_argument("--parts", nargs="+", choices=MEASURED, default=list(MEASURED))
    parser.add_argument("--small", action="store_true", help="a few minutes, to try it")
    return parser.parse_args()


if __name__ == "__main__":
    main()
