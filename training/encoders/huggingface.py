"""An encoder and its tokenizer from a Hugging Face folder and into one, without a network."""

import shutil
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoConfig, AutoModel, AutoTokenizer

from training.encoders.folder import TOKENIZER_PARTS, EncoderFolder, read_json
from training.encoders.kinds import Pooling
from training.encoders.sentence_encoder import SentenceEncoder, padding_offset
from training.errors import UnusableEncoder
from training.quiet import quiet

UNUSED_WEIGHTS: Final = ("pooler.", "position_ids")
"""Parts that a vector does not come from, so that a folder may leave them out."""
ACTIVATIONS: Final = {"Identity": nn.Identity, "Tanh": nn.Tanh, "ReLU": nn.ReLU, "GELU": nn.GELU}


def load_encoder(folder: EncoderFolder, pooling: Pooling) -> SentenceEncoder:
    """The folder's encoder in float32, ready to encode. Raises UnusableEncoder."""
    where = folder.transformer
    try:
        with quiet():
            transformer, loading = AutoModel.from_pretrained(
                where,
                dtype=torch.float32,
                attn_implementation="eager",
                local_files_only=True,
                output_loading_info=True,
            )
    except Exception as error:
        raise UnusableEncoder(f"{where} does not load: {_first_line(error)}") from error
    if getattr(transformer.config, "is_encoder_decoder", False):
        raise UnusableEncoder(f"{where} holds an encoder-decoder, not an encoder")
    missing = [
        name
        for name in sorted(loading["missing_keys"])
        if not any(part in name for part in UNUSED_WEIGHTS)
    ]
    if missing:
        raise UnusableEncoder(
            f"{where} lacks {len(missing)} of its encoder's weights, {missing[0]} for one"
        )
    return SentenceEncoder(transformer, pooling, [_dense(path) for path in folder.dense]).eval()


def load_tokenizer(folder: EncoderFolder) -> Tokenizer:
    """The folder's tokenizer as ``tokenizers`` alone can run it. Raises UnusableEncoder."""
    where = folder.transformer
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(where, local_files_only=True)
    except Exception as error:
        raise UnusableEncoder(
            f"the tokenizer in {where} does not load: {_first_line(error)}"
        ) from error
    if not getattr(tokenizer, "is_fast", False):
        raise UnusableEncoder(f"{where} has no fast tokenizer: save it as tokenizer.json first")
    return Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())


def save_transformer(transformer: Any, tokenizer_of: EncoderFolder, folder: Path) -> None:
    """Write a transformer, and another folder's tokenizer, into ``folder``."""
    with quiet():
        transformer.save_pretrained(folder)
    for name in TOKENIZER_PARTS:
        if (tokenizer_of.transformer / name).is_file():
            shutil.copyfile(tokenizer_of.transformer / name, folder / name)


def default_pooling(folder: EncoderFolder) -> Pooling:
    """What to pool by where the folder does not say: a causal model's last token, else the mean.

    Raises UnusableEncoder for a ``config.json`` that does not load.
    """
    return "last_token" if is_causal(folder) else "mean"


def is_causal(folder: EncoderFolder) -> bool:
    """Whether it was saved as a causal language model. Raises as ``default_pooling`` does."""
    return any("CausalLM" in name for name in _config(folder.transformer).architectures or ())


def outlined(folder: EncoderFolder) -> nn.Module:
    """The folder's transformer without its weights, which takes no memory and hardly any time: its
    layers and their shapes. Raises UnusableEncoder.
    """
    config = _config(folder.transformer)
    try:
        with quiet(), torch.device("meta"):
            transformer: nn.Module = AutoModel.from_config(config)
    except Exception as error:
        raise UnusableEncoder(f"{folder.path} cannot be built: {_first_line(error)}") from error
    return transformer


def most_tokens(encoder: SentenceEncoder) -> int | None:
    """The longest text that the encoder's positions allow; None where nothing limits it."""
    limit = getattr(encoder.transformer.config, "max_position_embeddings", None)
    if not isinstance(limit, int) or limit < 1:
        return None
    offset = padding_offset(encoder.transformer)
    return limit if offset is None else limit - offset - 1


def states_dimension(encoder: SentenceEncoder) -> int:
    """The dimension of the encoder's token states."""
    config: Any = encoder.transformer.config
    return int(config.hidden_size)


def dimension(encoder: SentenceEncoder) -> int:
    """The length of the encoder's vectors."""
    linear = [layer for layer in encoder.dense.modules() if isinstance(layer, nn.Linear)]
    config: Any = encoder.transformer.config
    return linear[-1].out_features if linear else int(config.hidden_size)


def _config(where: Path) -> Any:
    try:
        return AutoConfig.from_pretrained(where, local_files_only=True)
    except Exception as error:
        raise UnusableEncoder(
            f"{where / 'config.json'} does not load: {_first_line(error)}"
        ) from error


def _dense(path: Path) -> nn.Module:
    """A linear layer and its activation, as sentence-transformers saves them."""
    config = read_json(path / "config.json")
    activation = str(config.get("activation_function", "Identity")).rpartition(".")[2]
    weights = path / "model.safetensors"
    if activation not in ACTIVATIONS or not weights.is_file():
        raise UnusableEncoder(
            f"{path} is no linear layer that export knows: it needs model.safetensors and one of "
            f"{', '.join(ACTIVATIONS)}"
        )
    linear = nn.Linear(config["in_features"], config["out_features"], bias=config.get("bias", True))
    state = {name.removeprefix("linear."): value for name, value in load_file(weights).items()}
    linear.load_state_dict(state)
    return nn.Sequential(linear, ACTIVATIONS[activation]())


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
