"""``python -m bench.faults``: strike, count, print the table, and exit 1 if a promise broke."""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import traceback
import zlib
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import httpx

from bench.faults import of_catalogue, of_cluster, of_failover, of_service, of_store
from bench.faults.fault import Artefact, Fault
from bench.faults.run import Run, run
from bench.faults.table import Line, as_json, line, table
from bench.machine import describe
from bench.model import may_name_a_model
from model_store.store import ModelStore

FAULTS: Final[Sequence[Fault]] = (
    *of_service.FAULTS,
    *of_store.FAULTS,
    *of_failover.FAULTS,
    *of_catalogue.FAULTS,
    *of_cluster.FAULTS,
)
OUT: Final = Path("bench/out/faults.json")


def main() -> None:
    """Run all faults, or those whose names hold ``--only``; see docs/faults.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    may_name_a_model(parser)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--only", default="", help="Part of the names of the faults to run.")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    artefact = found_artefact(options.model_store, options.model)
    lines = []
    for fault in FAULTS:
        if options.only in fault.name:
            runs, failure = asyncio.run(struck(fault, artefact, options.runs, options.seed))
            lines.append(line(fault, runs, failure))
            _say(lines[-1])
            OUT.parent.mkdir(exist_ok=True)
            OUT.write_text(json.dumps(as_json(lines, describe(), options.seed), indent=2) + "\n")
    print(f"\n{describe()}, seed {options.seed}\n\n{table(lines)}")
    sys.exit(any(one.broken for one in lines))


def found_artefact(store: Path, name: str) -> Artefact:
    """The artefact that services are to serve. Raises ModelStoreError."""
    return Artefact(store, name, ModelStore.at(store).load(name).manifest.reference)


async def struck(
    fault: Fault, artefact: Artefact, runs: int, seed: int
) -> tuple[Sequence[Run], str | None]:
    """Strike so many times on one stage: each run finds what the ones before have left, and its
    audit looks at all that was ever acknowledged there. A stage that does not recover ends them;
    the second value says how.
    """
    rng = random.Random(zlib.crc32(fault.name.encode()) + seed)
    done: list[Run] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newsstand-faults-")))
        try:
            stage = await fault.build(folder, artefact, stack)
            while len(done) < runs:
                done.append(await run(fault, stage, rng))
        except (TimeoutError, httpx.HTTPError, ExceptionGroup) as error:
            traceback.print_exception(error)
            return done, f"run {len(done) + 1}: no recovery: {type(error).__name__}"
    return done, None


def _say(of: Line) -> None:
    print(f"{of.fault}: {'; '.join(of.broken) or 'as promised'}", flush=True)


if __name__ == "__main__":
    main()
