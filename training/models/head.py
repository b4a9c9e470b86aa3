"""What stands behind a transformer in a news encoder that learned as a whole, kept beside it.

A Hugging Face folder has no place for the attention over tokens and the linear layer; they lie in
the same folder, under a name that other programs pass over.
"""

from pathlib import Path
from typing import Final

from safetensors.torch import load_file, save_file

from training.errors import BadRecipe
from training.models.text import TextEncoder

HEAD: Final = "news_head.safetensors"


def save_head(encoder: TextEncoder, folder: Path) -> None:
    """Write the encoder's pooling and what follows it."""
    state = {
        name: weights.detach().cpu().contiguous()
        for name, weights in encoder.state_dict().items()
        if name.startswith(("pool.", "tail."))
    }
    save_file(state, folder / HEAD)


def take_head(encoder: TextEncoder, folder: Path) -> None:
    """Put the folder's in, if there is one.

    Raises BadRecipe for an encoder that has another pooling or another dimension.
    """
    path = folder / HEAD
    if not path.is_file():
        return
    there = load_file(path)
    mine = {
        name: weights.shape
        for name, weights in encoder.state_dict().items()
        if name.startswith(("pool.", "tail."))
    }
    if mine != {name: weights.shape for name, weights in there.items()}:
        raise BadRecipe(
            f"{path} is of another shape than the recipe's: set text.pooling and text.dimension as "
            "they were, or remove the file to begin with fresh ones"
        )
    encoder.load_state_dict(there, strict=False)
