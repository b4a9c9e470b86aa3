"""What a Hugging Face folder states about its encoder, beside the weights.

``modules.json``, ``1_Pooling/config.json`` and ``sentence_bert_config.json`` are the files of
sentence-transformers; a folder without them states less, and that is all right.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from huggingface_hub import metadata_load
from yaml import YAMLError

from training.encoders.kinds import Pooling
from training.errors import UnusableEncoder

TOKENIZER_FILES: Final = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
)
TOKENIZER_PARTS: Final = (
    *TOKENIZER_FILES,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "merges.txt",
)
"""All that a tokenizer may be made of."""
WEIGHT_FILES: Final = ("*.safetensors", "pytorch_model*.bin")
POOLING_NAMES: Final[Mapping[str, Pooling]] = {
    "cls": "cls",
    "mean": "mean",
    "lasttoken": "last_token",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_lasttoken": "last_token",
}
KNOWN_MODULES: Final = ("Transformer", "Pooling", "Dense", "Normalize")


@dataclass(frozen=True)
class EncoderFolder:
    """A folder that holds an encoder, and what its files state. None: not stated."""

    path: Path
    transformer: Path
    """Where ``config.json``, the weights and the tokenizer lie: the folder, or one inside it."""
    dense: tuple[Path, ...] = ()
    """Linear layers after pooling, such as LaBSE's."""
    pooling: Pooling | None = None
    max_tokens: int | None = None
    prefix: str = ""
    license: str | None = None
    languages: tuple[str, ...] = ()


def read_folder(path: Path) -> EncoderFolder:
    """Read what ``path`` states. Raises UnusableEncoder if it holds no complete encoder."""
    modules = _modules(path)
    transformer = path / modules.get("Transformer", [""])[0]
    _check_complete(transformer)
    card = _front_matter(path / "README.md")
    return EncoderFolder(
        path=path,
        transformer=transformer,
        dense=tuple(path / folder for folder in modules.get("Dense", [])),
        pooling=_pooling(path / modules["Pooling"][0]) if "Pooling" in modules else None,
        max_tokens=read_json(transformer / "sentence_bert_config.json").get("max_seq_length"),
        prefix=_default_prompt(read_json(path / "config_sentence_transformers.json")),
        license=card.get("license") if isinstance(card.get("license"), str) else None,
        languages=_languages(card.get("language")),
    )


def _modules(path: Path) -> dict[str, list[str]]:
    """The folders of each kind of module, in order; empty if the folder does not say."""
    listed = read_json(path / "modules.json", default=[])
    modules: dict[str, list[str]] = {}
    for entry in listed:
        kind = str(entry["type"]).rpartition(".")[2]
        if kind not in KNOWN_MODULES:
            raise UnusableEncoder(
                f"{path / 'modules.json'} names a {kind} module; "
                f"export knows {', '.join(KNOWN_MODULES)}"
            )
        modules.setdefault(kind, []).append(entry["path"])
    return modules


def _check_complete(path: Path) -> None:
    if not (path / "config.json").is_file():
        raise UnusableEncoder(f"{path} is no Hugging Face folder: it has no config.json")
    if not any((path / name).is_file() for name in TOKENIZER_FILES):
        raise UnusableEncoder(f"{path} has no tokenizer ({', '.join(TOKENIZER_FILES)})")
    if not any(file for pattern in WEIGHT_FILES for file in path.glob(pattern)):
        raise UnusableEncoder(f"{path} has no weights ({', '.join(WEIGHT_FILES)})")


def _pooling(path: Path) -> Pooling:
    config = read_json(path / "config.json")
    named = config.get("pooling_mode") or [
        key for key, on in config.items() if key.startswith("pooling_mode_") and on is True
    ]
    names = [named] if isinstance(named, str) else named
    if len(names) != 1 or names[0] not in POOLING_NAMES:
        raise UnusableEncoder(
            f"{path} pools by {' and '.join(names) or 'nothing'}; export knows "
            f"{', '.join(sorted(set(POOLING_NAMES.values())))}"
        )
    return POOLING_NAMES[names[0]]


def _default_prompt(config: Mapping[str, Any]) -> str:
    prompts: Mapping[str, str] = config.get("prompts") or {}
    return prompts.get(config.get("default_prompt_name") or "", "")


def _front_matter(readme: Path) -> Mapping[str, Any]:
    """The YAML block that heads a model card; empty if there is none that can be read."""
    if not readme.is_file():
        return {}
    try:
        return metadata_load(readme) or {}
    except (ValueError, YAMLError):
        return {}


def _languages(stated: object) -> tuple[str, ...]:
    listed = [stated] if isinstance(stated, str) else stated if isinstance(stated, list) else []
    return tuple(code for code in listed if isinstance(code, str) and len(code) == 2)


def read_json(path: Path, default: Any = None) -> Any:
    """A JSON file's content; ``default`` (an empty object) if it is not there."""
    if not path.is_file():
        return {} if default is None else default
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise UnusableEncoder(f"{path} is not JSON: {error}") from error
