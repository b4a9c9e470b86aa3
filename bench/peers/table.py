"""What the comparison found, as Markdown."""

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ENCODED = Path("bench/out/encoder.json")
Part = Mapping[str, Any]


def of(results: Part) -> str:
    """All parts that were measured."""
    parts = {
        "recommending": _recommending,
        "taking-in": _taking_in,
        "promises": _promises,
        "retrieval": _retrieval,
        "encoding": _encoding,
    }
    shown = [show(results[name]) for name, show in parts.items() if results.get(name)]
    return "\n\n".join([f"{results['machine']}; {results['model']}", *shown])


def encoding(model: str) -> dict[str, Any]:
    """The last ratios of ``bench.encoder`` to infinity-emb, which it measures; empty if none."""
    measured = json.loads(ENCODED.read_text()).get(model) if ENCODED.exists() else None
    if measured is None:
        return {}
    found = {
        f"{corpus}: {name}": statistics.median(ratio["texts_s"])
        for corpus, each in measured["corpora"].items()
        for name, ratio in each["ratios"].items()
        if "infinity" in name
    }
    return {"machine": measured["machine"], "ratios": found}


def _recommending(part: Part) -> str:
    """The first stack is ours: the others' figures are divided by its."""
    own = next(iter(part.values()))
    rows = []
    for name, figures in part.items():
        for row, one in figures["rows"].items():
            ratio = own["rows"][row]["per_second"] / one["per_second"]
            cells = (one["per_second"], one["p50_ms"], one["p99_ms"])
            rows.append((name, row, *(f"{cell:.1f}" for cell in cells), f"{ratio:.2f}"))
    head = ("stack", "recommend", "a second", "p50 ms", "p99 ms", "ours against it")
    facts = [
        (
            name,
            f"{figures['ready_seconds']:.1f}",
            f"{figures['server_mb']:.0f}",
            f"{figures['store_mb']:.0f}",
        )
        for name, figures in part.items()
    ]
    names = ("stack", "first start to ready, s", "server, MB (Pss)", "store, MB")
    return f"{_markdown(head, rows)}\n\n{_markdown(names, facts)}"


def _taking_in(part: Part) -> str:
    rows = [(name, *(f"{rate:.0f}" for rate in rates.values())) for name, rates in part.items()]
    head = ("articles a second", *next(iter(part.values())))
    return _markdown(head, rows)


def _promises(part: Part) -> str:
    asked = next(iter(part.values()))
    rows = [(what, *(str(found[what]) for found in part.values())) for what in asked]
    return _markdown(("", *part), rows)


def _retrieval(part: Part) -> str:
    exact = {row["filtered"]: row["median_ms"] for row in part["rows"] if "exact" in row["who"]}
    rows = [
        (
            row["who"],
            "one category in twelve" if row["filtered"] else "all",
            f"{row['median_ms']:.2f}",
            f"{row['p99_ms']:.2f}",
            f"{exact[row['filtered']] / row['median_ms']:.1f}",
            f"{row['recall']:.4f}",
        )
        for row in part["rows"]
    ]
    head = ("index", "among", "median ms", "p99 ms", "times as fast as exact", "recall")
    facts = "; ".join(f"{name}: {value}" for name, value in part["facts"].items())
    return f"{_markdown(head, rows)}\n\n{facts}"


def _encoding(part: Part) -> str:
    rows = [(name, f"{ratio:.2f}") for name, ratio in part["ratios"].items()]
    return f"{_markdown(('bench.encoder, ' + part['machine'], 'of texts/s'), rows)}"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
