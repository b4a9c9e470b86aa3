"""What a GPU gives: everything that concerns one, built, checked and timed in one command.

Without a GPU the same runs on the CPU (``--quick`` makes it small): that proves the script, and the
figures are the CPU's, which the output says. Needs the training extra, to build the encoder.
"""

import argparse
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.data import titles
from bench.gpus.encoding import parity, throughput
from bench.gpus.job import Job, built, facts
from bench.gpus.searching import search
from bench.ingest import over_http
from bench.switch import switched
from service.adapters.devices import chosen_device

STORE = Path("bench/out/gpu-models")
TEXTS, QUICK_TEXTS = 20_000, 600
ROWS, QUICK_ROWS = (1_000_000, 10_000_000), (20_000,)
QUERIES, QUICK_QUERIES = 200, 20
HTTP_BATCH = 500
SWITCH_RATE = 40.0
"""Recommendations a second meanwhile."""


def ingest(job: Job) -> dict[str, object]:
    """Articles a second over HTTP into a service on the device, durable and searchable."""
    os.environ["NEWSSTAND_DEVICE"] = job.device
    options = argparse.Namespace(
        model_store=job.store, model=job.artefact.manifest.reference, http_batch=HTTP_BATCH
    )
    return {"articles_per_second": over_http(options, job.texts)}


def switch(job: Job) -> dict[str, object]:
    """From one version to another and back under load, in a service on the device."""
    os.environ["NEWSSTAND_DEVICE"] = job.device
    return switched(job.artefact, job.texts, SWITCH_RATE)


PARTS: Mapping[str, Callable[[Job], dict[str, object]]] = {
    "facts": facts,
    "parity": parity,
    "throughput": throughput,
    "ingest": ingest,
    "search": search,
    "model switch": switch,
}


def main() -> None:
    """Measure, print, and write ``bench/out/gpu.json``."""
    job = _job()
    if job.device == "cpu":
        print("No GPU is used: these figures are the CPU's, and prove the script only.")
    results: dict[str, object] = {}
    for name, part in PARTS.items():
        results[name] = part(job)
        print(f"\n{name}")
        _print(results[name], "  ")
    out = Path("bench/out/gpu.json")
    out.write_text(json.dumps(results, indent=2) + "\n")


def _job() -> Job:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--quick", action="store_true", help="Small: a minute or two on a CPU.")
    parser.add_argument("--rows", type=int, nargs="+", help="Sizes of the indexes to search.")
    options = parser.parse_args()
    STORE.mkdir(parents=True, exist_ok=True)
    source, texts = titles(QUICK_TEXTS if options.quick else TEXTS)
    return Job(
        store=STORE,
        artefact=built(STORE),
        device=chosen_device(options.device),
        texts=tuple(texts),
        source=source,
        rows=tuple(options.rows or (QUICK_ROWS if options.quick else ROWS)),
        queries=QUICK_QUERIES if options.quick else QUERIES,
    )


def _print(value: object, indent: str) -> None:
    if not isinstance(value, dict):
        print(f"{indent}{value}")
        return
    for name, found in value.items():
        if isinstance(found, dict):
            print(f"{indent}{name}")
            _print(found, indent + "  ")
        else:
            shown = f"{found:,.5g}" if isinstance(found, float) else found
            print(f"{indent}{name:32} {shown}")


if __name__ == "__main__":
    main()
