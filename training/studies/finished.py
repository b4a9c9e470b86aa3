"""The rows that are made already, each in a folder that bears the fingerprint of what decides it.

A row whose settings, inputs or needed rows change has another fingerprint, and is made anew beside
the old one.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from training.errors import UnreadableData
from training.studies.study import Finished, Measured, Row, Sample

SAMPLES: Final = "samples.npz"
FACTS: Final = "row.json"
"""Written last: a folder that has it holds a finished row."""
VALUES: Final = "values of "
UNITS: Final = "units of "
SHOWN_DIGITS: Final = 12


def fingerprint(study: str, row: Row, needed: Sequence[str]) -> str:
    """Of a row of a study, given those of the rows that it needs. Reads all of its inputs.

    Raises UnreadableData for an input that cannot be read.
    """
    told = [study, row.name, dict(row.decided_by), list(needed)]
    digests = [digest(path) for path in row.inputs]
    text = json.dumps([*told, digests], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:SHOWN_DIGITS]


@cache
def digest(path: Path) -> str:
    """Of a file's content, or of all files of a folder with their names. Read once a process.

    Raises UnreadableData.
    """
    found = hashlib.sha256()
    try:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            found.update(file.relative_to(path).as_posix().encode() + b"\0")
            with file.open("rb") as opened:
                found.update(hashlib.file_digest(opened, "sha256").digest())
    except OSError as error:
        raise UnreadableData(f"{path} cannot be read: {error.strerror}") from error
    return found.hexdigest()


def folder_of(work: Path, row: Row, fingerprint: str) -> Path:
    """Where a row is made, and found again."""
    return work / f"{row.name}-{fingerprint}"


def read(folder: Path) -> Finished | None:
    """The finished row in the folder, None where there is none. Raises UnreadableData."""
    if not (folder / FACTS).is_file():
        return None
    try:
        told = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        with np.load(folder / SAMPLES) as stored:
            columns = [key.removeprefix(VALUES) for key in stored if key.startswith(VALUES)]
            samples = {c: Sample(stored[VALUES + c], stored[UNITS + c]) for c in columns}
        measured = Measured(samples, told["facts"], told["figures"])
        return Finished(folder, measured, float(told["seconds"]), str(told["day"]))
    except (OSError, ValueError, KeyError) as error:
        raise UnreadableData(f"{folder} is damaged: remove it to make the row anew") from error


def write(folder: Path, measured: Measured, seconds: float) -> Finished:
    """Keep a row as finished; the folder is there."""
    arrays: dict[str, Any] = {}
    for column, sample in measured.samples.items():
        arrays |= {VALUES + column: sample.values_I, UNITS + column: sample.unit_I}
    np.savez_compressed(folder / SAMPLES, **arrays)
    finished = Finished(folder, measured, round(seconds, 1), datetime.now(UTC).date().isoformat())
    facts = {
        "seconds": finished.seconds,
        "day": finished.day,
        "facts": dict(measured.facts),
        "figures": dict(measured.figures),
    }
    staged = folder / f"{FACTS}.part"
    staged.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    staged.replace(folder / FACTS)
    return finished
