"""What a row costs, beside what it is worth: time to learn, memory, speed, and parameters.

Figures are of the machine as it is: a busy one is slower. Memory is the whole process's, or its
GPU's; rows that are made at once (``parallel``) have a process each.

Shapes: N news.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

import torch
from torch import Tensor, nn

from training.data.features import NewsFeatures
from training.data.ragged import Int64
from training.models.news.encoder import PREFIX, NewsEncoder
from training.studies.study import Column, Finished, Made

Result = TypeVar("Result")
COST: Final = "cost/"
ROW: Final = f"{COST}row"
TITLES: Final = {
    "minutes": "minutes of training steps",
    "row": "minutes of the whole row",
    "megabytes": "most memory of the process, MB",
    "speed": "news encoded/s",
    "trained": "parameters trained",
    "parameters": "parameters",
}
BATCH: Final = 64
ROUNDS: Final = 3
RESET_PEAK: Final = Path("/proc/self/clear_refs")
STATUS: Final = Path("/proc/self/status")
MB: Final = 1e6


@dataclass(frozen=True)
class Costs:
    """A recommender's. None: it cannot be known here."""

    minutes: float
    """Of steps alone: not of encoding what stays frozen, which ``speed`` tells, nor of choosing."""
    megabytes: float | None
    """The most that was held while the row was made: it learned, was measured and timed."""
    speed: float
    """News a second, from tokens to vectors: all their texts, and the encoder's whole depth."""
    trained: int
    parameters: int

    @property
    def figures(self) -> dict[str, float]:
        """By column, those that are known."""
        known = {name: value for name, value in asdict(self).items() if value is not None}
        return {f"{COST}{name}": float(value) for name, value in known.items()}


def columns(section: str) -> Iterator[Column]:
    """One for each cost, beside the qualities of the section."""
    for name, title in TITLES.items():
        yield Column(f"{COST}{name}", title, section)


def with_row_minutes(rows: Made, earlier: Mapping[str, str] | None = None) -> Made:
    """The rows with the minutes that making them took: encoding what stays frozen, unless it was
    kept, and measuring too. Of a row that was cut off they are those since it went on.

    ``earlier`` names, by row, the step before it, whose minutes are counted in. A row that was not
    measured costs nothing by itself.
    """
    before = earlier or {}

    def told(name: str, row: Finished) -> Finished:
        steps = [rows[one] for one in (name, before.get(name, "")) if one in rows]
        figures = {**row.measured.figures, ROW: sum(step.seconds for step in steps) / 60}
        return replace(row, measured=replace(row.measured, figures=figures))

    return {name: told(name, row) if row.measured.samples else row for name, row in rows.items()}


def both(first: Mapping[str, float], second: Mapping[str, float]) -> dict[str, float]:
    """The figures of two steps, one after the other: the second one's speed and size, the time and
    the parameters of both, and the larger memory.
    """
    ways: Mapping[str, Callable[[float, float], float]] = {
        "minutes": lambda one, other: one + other,
        "trained": lambda one, other: one + other,
        "megabytes": max,
    }
    found = dict(second)
    for name, together in ways.items():
        column = f"{COST}{name}"
        if column in first and column in second:
            found[column] = together(first[column], second[column])
    return found


def with_peak(work: Callable[[], Result]) -> tuple[Result, float | None]:
    """What the work gives, and the most megabytes that were held while it was done: of the GPU, or
    of the process where Linux tells; else None.
    """
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        result = work()
        return result, torch.cuda.max_memory_allocated() / MB
    try:
        RESET_PEAK.write_text("5")
    except OSError:
        return work(), None
    result = work()
    return result, _high_water()


def _high_water() -> float | None:
    """The most that the process held since it was last reset."""
    for line in STATUS.read_text().splitlines():
        name, _, told = line.partition(":")
        if name == "VmHWM":
            return int(told.split()[0]) * 1024 / MB
    return None


def parameters(module: nn.Module) -> tuple[int, int]:
    """How many learn, and how many there are."""
    learn = [p.numel() for p in module.parameters() if p.requires_grad]
    return sum(learn), sum(p.numel() for p in module.parameters())


@torch.inference_mode()
def news_per_second(
    encoder: NewsEncoder, features: NewsFeatures, rows: Int64, device: torch.device
) -> float:
    """How many news a second the encoder takes, in batches of like length, once it is warm: in the
    fastest of ROUNDS, since others may use the machine.
    """
    encoder.to(device).eval()
    by_length = rows[features.texts["title"].lengths_N[rows].argsort(kind="stable")]
    chunks = [by_length[first : first + BATCH] for first in range(0, len(rows), BATCH)]
    batches = [_inputs(encoder, features, chunk, device) for chunk in chunks]
    encoder(*batches[0])
    return len(rows) / min(_seconds(encoder, batches, device) for _ in range(ROUNDS))


def _seconds(encoder: NewsEncoder, batches: list[list[Tensor]], device: torch.device) -> float:
    _wait(device)
    started = time.perf_counter()
    for batch in batches:
        encoder(*batch)
    _wait(device)
    return time.perf_counter() - started


def _inputs(
    encoder: NewsEncoder, features: NewsFeatures, rows: Int64, device: torch.device
) -> list[Tensor]:
    given = {name: torch.from_numpy(codes[rows]) for name, codes in features.codes.items()}
    for name, tokens in features.texts.items():
        ids_NT, mask_NT = tokens.batch(rows)
        given[f"{PREFIX[name]}input_ids"] = torch.from_numpy(ids_NT)
        given[f"{PREFIX[name]}attention_mask"] = torch.from_numpy(mask_NT)
    return [given[name].to(device) for name in encoder.inputs]


def _wait(device: torch.device) -> None:
    """A GPU is asked, and answers later."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
