"""What step one leaves for step two: the causal model with its adapters merged, as a folder."""

from pathlib import Path

from training.encoders.folder import read_folder
from training.encoders.huggingface import load_encoder, save_transformer
from training.export.from_recipe import merge_adapters
from training.models.depth import layers_of
from training.models.text import States, TextEncoder, Tokens


def save_adapted(text: TextEncoder, source: Path, folder: Path) -> None:
    """Write the ``source`` folder's transformer with what its top layers learned, to ``folder``.

    The adapters of ``text`` are merged into its layers.
    """
    assert isinstance(text.trained, Tokens | States)
    merge_adapters(text.trained)
    learned = layers_of(text.trained.transformer)
    came = read_folder(source)
    whole = load_encoder(came, "last_token").transformer
    layers = layers_of(whole)
    for place, layer in enumerate(learned, start=len(layers) - len(learned)):
        layers[place].load_state_dict(layer.state_dict())
    folder.mkdir(exist_ok=True)
    save_transformer(whole, came, folder)
