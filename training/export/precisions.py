"""An encoder's ONNX files, one for each precision, and how close they are to torch."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from model_store import layout
from model_store.inputs import NewsInputs
from model_store.manifest import Parity, Precision
from model_store.text import render
from model_store.tokens import NewsTokens
from training.data.texts import evenly
from training.export import fp16, int8, parity
from training.export.graph import NewsVectors, write_onnx
from training.export.sample_texts import SAMPLE_TITLES
from training.export.vectors import encode, in_onnx, in_torch
from training.progress import working

PARITY_TEXTS: Final = 5000
CALIBRATION_TEXTS: Final = 128

Rounding = Callable[[Path, Path, Sequence[NewsTokens]], None]
"""Writes another precision of an fp32 ONNX file, given the two paths and tokenised texts."""
Roundings = Mapping[Precision, Rounding]
"""What is made beside fp32."""
INT8: Final[Roundings] = {"int8": int8.quantise}
FP16: Final[Roundings] = {"fp16": fp16.halve}
FP32_ALONE: Final[Roundings] = {}


def parity_news(template: str, representative: Sequence[NewsInputs]) -> list[NewsInputs]:
    """What parity is measured over: 5,000 of the representative news, evenly spaced.

    Where these are fewer than our own sample titles, the sample titles join them.
    """
    chosen = evenly(representative, PARITY_TEXTS)
    if len(chosen) < len(SAMPLE_TITLES):
        chosen += [NewsInputs(render(template, {"title": title})) for title in SAMPLE_TITLES]
    return chosen


def write_files(
    folder: Path, vectors: NewsVectors, texts: Sequence[NewsTokens], roundings: Roundings
) -> dict[Precision, Path]:
    """Write the encoder's ONNX files, not yet centred. Raises ExportFailed."""
    files: dict[Precision, Path] = {"fp32": folder / layout.news_encoder("fp32")}
    with working("Exporting to ONNX"):
        write_onnx(vectors, files["fp32"])
    for precision, rounding in roundings.items():
        files[precision] = folder / layout.news_encoder(precision)
        with working(f"Rounding to {precision}"):
            rounding(files["fp32"], files[precision], evenly(texts, CALIBRATION_TEXTS))
    return files


def measure_files(
    files: Mapping[Precision, Path], vectors: NewsVectors, texts: Sequence[NewsTokens]
) -> dict[Precision, Parity]:
    """Each file's parity with torch over the texts.

    Raises ParityRefused for a file whose vectors are too far from torch's, or change with their
    batch mates or padding.
    """
    torch_ND = encode(in_torch(vectors), texts, "Encoding with torch")
    measured: dict[Precision, Parity] = {}
    for precision, path in files.items():
        run = in_onnx(path)
        onnx_ND = encode(run, texts, f"Encoding with {path.name}")
        measured[precision] = parity.measure(torch_ND, onnx_ND)
        parity.check(precision, measured[precision])
        parity.check_company(precision, run, texts)
    return measured
