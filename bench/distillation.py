"""What each part of the shipped encoder's recipe is worth.

The recipe at a quarter of its texts, for one epoch; then again with one part otherwise. The rest,
seed included, is the same. Rows that a former call measured are not measured again.

    python -m bench.distillation --teacher FOLDER --second-teacher FOLDER --corpora FOLDER …
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.data import REPOSITORY
from bench.encoder_quality import Quality, quality_of
from bench.machine import describe
from training.distillation.distil import Inputs, distil
from training.distillation.settings import Distillation

RESULTS: Final = REPOSITORY / "bench" / "out" / "distillation.json"
SHARE: Final = 4
COUNTED: Final = (
    "definitions",
    "examples",
    "countries",
    "titles",
    "help",
    "keywords",
    "crossings",
    "abouts",
    "cased",
    "sentence_crossings",
)
"""The corpus's parts of which so many are taken; of these here a quarter."""
ROWS: Final[Mapping[str, Sequence[str]]] = {
    "the recipe": (),
    "one mean for all, not one a kind": ("targets.by_kind=false",),
    "no second teacher": ("targets.second=0",),
    "translations have no target in common": ("targets.translations=false",),
    "no relational loss": ("learning.relational=0",),
    "no crossed headlines": ("corpus.crossings=0", "corpus.abouts=0"),
    "the first three layers": ("student.layers=[0, 1, 2]",),
    "four layers": ("student.layers=[0, 2, 5, 10]",),
    "all neurons": ("student.feed_forward=1536",),
    "half the pieces": ("vocabulary.pieces=40000",),
}


def main() -> None:
    """Measure what is not yet, print a table, and write ``bench/out/distillation.json``."""
    options = _options()
    inputs = Inputs(options.teacher, options.second_teacher, tuple(options.corpora))
    found: dict[str, Any] = json.loads(RESULTS.read_text())["rows"] if RESULTS.exists() else {}
    RESULTS.parent.mkdir(exist_ok=True)
    for number, (row, changes) in enumerate(ROWS.items()):
        if row in found or (options.row and row not in options.row):
            continue
        found[row] = asdict(_measured(inputs, changes, options.work, f"row-{number}"))
        RESULTS.write_text(json.dumps({"machine": describe(), "rows": found}, indent=2))
        _print({row: Quality(**quality) for row, quality in found.items()})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", type=Path, required=True, help="a Hugging Face folder")
    parser.add_argument("--second-teacher", type=Path, required=True)
    parser.add_argument("--corpora", type=Path, action="append", required=True)
    parser.add_argument("--work", type=Path, default=Path("runs/distillation"))
    parser.add_argument("--row", action="append", help=f"of {', '.join(ROWS)}")
    return parser.parse_args()


def _small() -> Distillation:
    whole = Distillation()
    shares = whole.corpus.model_dump()
    quarter = {name: shares[name] // SHARE for name in COUNTED if shares[name] is not None}
    return whole.model_copy(
        update={
            "corpus": whole.corpus.model_copy(update=quarter),
            "learning": whole.learning.model_copy(update={"epochs": 1}),
        }
    )


def _measured(inputs: Inputs, changes: Sequence[str], work: Path, name: str) -> Quality:
    """The row's encoder; what the teachers said is kept in ``work`` for all rows."""
    settings = _small().changed([f"name={name}", *changes])
    folder = work / name
    folder.mkdir(parents=True, exist_ok=True)
    for shared in ("teachers", "labels"):
        (work / shared).mkdir(exist_ok=True)
        if not (folder / shared).exists():
            (folder / shared).symlink_to((work / shared).resolve())
    artefact = distil(inputs, settings, folder, work / "store")
    return quality_of(artefact, [code for code in artefact.manifest.languages if code != "en"])


def _print(rows: Mapping[str, Quality]) -> None:
    table = Table("", "AUC", "AUC, own centre", "retrieval", title=describe())
    for row, quality in rows.items():
        aucs = (f"{auc:.4f}" for auc in (quality.auc, quality.auc_own_centre))
        table.add_row(row, *aucs, f"{quality.mean_retrieval:.4f}")
    Console().print(table)


if __name__ == "__main__":
    main()
