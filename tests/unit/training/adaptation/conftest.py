"""Texts to adapt to, settings that take a second, and encoders with nothing left to chance."""

from pathlib import Path
from typing import Final

import polars as pl
import torch
from torch import Tensor, nn

from training.adaptation.decoder import Autoencoder
from training.adaptation.settings import Adaptation
from training.adaptation.whole import WholeEncoder, load_whole
from training.data.polynews import ParallelTexts, Texts
from training.export.sample_texts import SAMPLE_TITLES

CPU: Final = torch.device("cpu")
LINES: Final = list(SAMPLE_TITLES[:30])
SETTINGS: Final = Adaptation(
    name="tiny",
    max_tokens=24,
    batch_size=8,
    steps=6,
    checkpoint_steps=2,
    learning_rate=1e-3,
    least_texts=2,
)


def texts_of(**lines: list[str]) -> Texts:
    """Lines by language."""
    rows = [(language, line) for language, some in lines.items() for line in some]
    return Texts(pl.DataFrame(rows, ["language", "text"], orient="row"))


def pairs_of(*rows: tuple[str, str]) -> ParallelTexts:
    """English lines and what they are in German."""
    columns = ["source_language", "target_language", "source", "target"]
    return ParallelTexts(
        pl.DataFrame([("eng", "deu", *row) for row in rows], columns, orient="row")
    )


TEXTS: Final = texts_of(eng=LINES[:20], deu=LINES[20:])
PAIRS: Final = pairs_of(*zip(LINES[:10], LINES[10:20], strict=True))


def fresh(folder: Path, seed: int = 3, dropout: float = 0.0) -> tuple[WholeEncoder, Autoencoder]:
    """The encoder in the folder, and its autoencoder with new parts by the seed."""
    whole = load_whole(folder, SETTINGS.max_tokens)
    torch.manual_seed(seed)
    model = Autoencoder(whole.module)
    for part in model.modules():
        if isinstance(part, nn.Dropout):
            part.p = dropout
    return whole, model.eval()


def weights(module: nn.Module) -> dict[str, Tensor]:
    """A copy of all of them."""
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def check_equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> None:
    """To the last bit."""
    assert first.keys() == second.keys()
    assert all(torch.equal(tensor, second[name]) for name, tensor in first.items())
