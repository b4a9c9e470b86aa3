"""What the comparison found, as Markdown and as values."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from bench.encoders.contenders import Sample
from bench.encoders.field import Lane

Rounds = Mapping[str, Sequence[Sample]]
"""Each lane's samples, a round each, in the same order."""

RATIOS = (
    ("engine {best}", "runtime {best}", 0.95),
    ("engine fp32", "runtime fp32", 0.95),
    ("engine {best}", "sentence-transformers fp32", 2.0),
    ("engine fp32", "sentence-transformers fp32", None),
    ("engine {best}", "sentence-transformers bf16", None),
    ("service {best}", "infinity torch fp32", 1.3),
    ("service {best}", "infinity optimum fp32", 1.3),
    ("service {best}", "infinity optimum int8", 1.3),
    ("service fp32", "infinity optimum fp32", None),
)
"""Whose rate is divided by whose, and what is wanted of it."""


def lanes_table(lanes: Sequence[Lane], rounds: Rounds) -> str:
    """A row for each lane: median (least to most) over the rounds."""
    rows = ["| | texts/s | CPU s per 1,000 texts | settings |", "|---|---|---|---|"]
    for lane in lanes:
        rates = [sample.texts_per_second for sample in rounds[lane.name]]
        cpu = [sample.cpu_seconds_per_1000 for sample in rounds[lane.name]]
        rows.append(
            f"| {lane.name} | {_spread(rates, 0)} | {_spread(cpu, 2)} | {_settings(lane)} |"
        )
    return "\n".join(rows)


def ratios(rounds: Rounds, best: str) -> dict[str, dict[str, Any]]:
    """Each ratio's rounds and their median, of texts a second and of texts a CPU second."""
    found: dict[str, dict[str, Any]] = {}
    for ours, theirs, wanted in RATIOS:
        ours, theirs = ours.format(best=best), theirs.format(best=best)
        if ours in rounds and theirs in rounds:
            pairs = list(zip(rounds[ours], rounds[theirs], strict=True))
            speed = [a.texts_per_second / b.texts_per_second for a, b in pairs]
            cpu = [b.cpu_seconds_per_1000 / a.cpu_seconds_per_1000 for a, b in pairs]
            found[f"{ours} ÷ {theirs}"] = {"wanted": wanted, "texts_s": speed, "texts_cpu_s": cpu}
    return found


def ratios_table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """A row for each ratio: median (least to most) over the rounds."""
    rows = ["| ratio | wanted | of texts/s | of texts per CPU second |", "|---|---|---|---|"]
    rows += [
        f"| {name} | {each['wanted'] or ''} | {_spread(each['texts_s'], 2)} "
        f"| {_spread(each['texts_cpu_s'], 2)} |"
        for name, each in found.items()
    ]
    return "\n".join(rows)


def _spread(values: Sequence[float], digits: int) -> str:
    least, most = min(values), max(values)
    return f"{statistics.median(values):.{digits}f} ({least:.{digits}f} to {most:.{digits}f})"


def _settings(lane: Lane) -> str:
    shown = {name: value for name, value in lane.settings[0].items() if name != "folder"}
    return ", ".join([*([lane.about] if lane.about else []), *map(_setting, shown.items())])


def _setting(setting: tuple[str, Any]) -> str:
    return f"{setting[0].replace('_', ' ')} {setting[1]}"
