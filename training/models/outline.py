"""What cannot be trained of a transformer, told by its outline before its weights are loaded."""

from training.encoders.folder import read_folder
from training.encoders.huggingface import outlined
from training.errors import BadRecipe
from training.models.build import adapted_layers
from training.models.depth import check_depth
from training.recipe import Transformer


def check_transformer(encoder: Transformer) -> None:
    """Raises BadRecipe and UnusableEncoder as ``build`` does: for a folder that holds none, for
    layers that it has not, and for adapters that match nothing.
    """
    if encoder.folder is None:
        raise BadRecipe("text.encoder.folder: say which Hugging Face folder to start from")
    outline = outlined(read_folder(encoder.folder))
    if encoder.trained_layers:
        check_depth(outline, encoder.trained_layers)
    if encoder.lora is not None:
        adapted_layers(outline, encoder.lora)
