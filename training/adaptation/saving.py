"""The adapted encoder as a Hugging Face folder, laid out as sentence-transformers does.

All but the weights is the folder's that the run started from: tokenizer, pooling, limits, prompts.
Other forms of the old weights (ONNX files, say) stay behind, and so does the card that speaks of
them.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from safetensors.torch import load_file, save_file

from training.adaptation.decoder import Decoder
from training.adaptation.whole import WholeEncoder
from training.encoders.folder import read_json
from training.encoders.huggingface import save_transformer, states_dimension
from training.encoders.kinds import Pooling
from training.errors import NotWritable

DECODER: Final = "decoder.safetensors"
"""What the decoder had of its own, for another adaptation that starts from the folder."""
ACCOUNT: Final = "adaptation.json"
"""How the weights came about: the run, its settings, its checkpoints."""
MODULES: Final = "modules.json"
PROMPTS: Final = "config_sentence_transformers.json"
LIMITS: Final = "sentence_bert_config.json"
POOLING_KEYS: Final[Mapping[Pooling, str]] = {
    "cls": "pooling_mode_cls_token",
    "mean": "pooling_mode_mean_tokens",
    "last_token": "pooling_mode_lasttoken",
}


def check_free(out: Path, run: str) -> None:
    """Raises NotWritable for a folder that holds anything but what the same run left."""
    if out.exists() and read_json(out / ACCOUNT).get("run") != run:
        raise NotWritable(f"{out} is there already: name another folder, or remove it")


def write_folder(
    encoder: WholeEncoder, decoder: Decoder, out: Path, account: Mapping[str, Any]
) -> None:
    """Write the encoder as it stands, whole or not at all. Raises NotWritable."""
    staged = out.with_name(f"{out.name}.part")
    try:
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        _write_transformer(encoder, staged)
        _write_modules(encoder, staged)
        _write_prompts(encoder, staged)
        save_file(decoder.own().state_dict(), staged / DECODER)
        _write_json(staged / ACCOUNT, account)
        (staged / "README.md").write_text(_card(encoder, account), encoding="utf-8")
        if out.exists():
            shutil.rmtree(out)
        staged.rename(out)
    except OSError as error:
        raise NotWritable(f"{out} cannot be written: {error.strerror or error}") from error


def take_up(decoder: Decoder, folder: Path) -> None:
    """Begin where another adaptation ended, if the folder is what it left."""
    if (folder / DECODER).is_file():
        decoder.own().load_state_dict(load_file(folder / DECODER))


def _write_transformer(encoder: WholeEncoder, staged: Path) -> None:
    base = encoder.folder
    place = staged / base.transformer.relative_to(base.path)
    place.mkdir(parents=True, exist_ok=True)
    save_transformer(encoder.module.transformer, base, place)
    if (base.transformer / LIMITS).is_file():
        shutil.copyfile(base.transformer / LIMITS, place / LIMITS)


def _write_modules(encoder: WholeEncoder, staged: Path) -> None:
    base = encoder.folder.path
    listed = read_json(base / MODULES, default=[])
    if not listed:
        listed = [_module(0, "", "Transformer"), _module(1, "1_Pooling", "Pooling")]
        pooled = {"word_embedding_dimension": states_dimension(encoder.module)}
        modes = {key: kind == encoder.pooling for kind, key in POOLING_KEYS.items()}
        _write_json(staged / "1_Pooling" / "config.json", pooled | modes)
    _write_json(staged / MODULES, listed)
    for place in {entry["path"] for entry in listed} - {""}:
        if (base / place / "config.json").is_file() and not (staged / place).exists():
            _write_json(staged / place / "config.json", read_json(base / place / "config.json"))
    for place, layer in zip(encoder.folder.dense, encoder.module.dense, strict=True):
        linear: Any = layer[0]  # type: ignore[index]
        weights = {f"linear.{name}": value for name, value in linear.state_dict().items()}
        save_file(weights, staged / place.relative_to(base) / "model.safetensors")


def _module(number: int, place: str, kind: str) -> dict[str, Any]:
    kind = f"sentence_transformers.models.{kind}"
    return {"idx": number, "name": str(number), "path": place, "type": kind}


def _write_prompts(encoder: WholeEncoder, staged: Path) -> None:
    stated = read_json(encoder.folder.path / PROMPTS)
    if encoder.prefix != encoder.folder.prefix:
        prompts = {**(stated.get("prompts") or {}), "news": encoder.prefix}
        stated = {**stated, "prompts": prompts, "default_prompt_name": "news"}
    if stated:
        _write_json(staged / PROMPTS, stated)


def _card(encoder: WholeEncoder, account: Mapping[str, Any]) -> str:
    """What ``read_folder`` reads from a card, and a line for people."""
    base = encoder.folder
    front = [f"license: {base.license}"] if base.license else []
    if base.languages:
        front += ["language:", *(f"- {code}" for code in base.languages)]
    head = "\n".join(["---", *front, "---", ""]) if front else ""
    settings = account["settings"]
    return (
        f"{head}# {settings['name']}\n\n"
        f"{base.path.resolve().name}, adapted to the news as NaSE is (arXiv 2406.12634): "
        f"objective {settings['objective']}, {account['chosen']} steps of "
        f"{settings['batch_size']}. {ACCOUNT} has the rest.\n"
    )


def _write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
