"""What a Hugging Face folder states, and what it lacks."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from training.encoders.folder import read_folder
from training.encoders.huggingface import (
    default_pooling,
    dimension,
    load_encoder,
    load_tokenizer,
    most_tokens,
)
from training.errors import UnusableEncoder
from training.minilm import folder as minilm_folder


@pytest.fixture
def copied(tiny_bert: Path, tmp_path: Path) -> Path:
    """A tiny BERT's folder to tamper with."""
    return Path(shutil.copytree(tiny_bert, tmp_path / "encoder"))


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def modules(*kinds: str) -> list[dict[str, Any]]:
    paths = {"Transformer": "", "Pooling": "1_Pooling", "Dense": "2_Dense"}
    return [
        {"idx": i, "path": paths.get(kind, str(i)), "type": f"sentence_transformers.models.{kind}"}
        for i, kind in enumerate(kinds)
    ]


def test_minilm_states_everything() -> None:
    folder = read_folder(minilm_folder())
    assert (folder.pooling, folder.max_tokens, folder.prefix) == ("mean", 256, "")
    assert (folder.license, folder.languages) == ("apache-2.0", ("en",))


def test_a_plain_folder_states_little(tiny_bert: Path) -> None:
    folder = read_folder(tiny_bert)
    assert (folder.pooling, folder.max_tokens, folder.license) == (None, None, None)
    assert default_pooling(folder) == "mean"


def test_a_causal_model_is_read_at_its_last_token(tiny_llama: Path) -> None:
    assert default_pooling(read_folder(tiny_llama)) == "last_token"


@pytest.mark.parametrize(
    ("config", "pooling"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls"),
        ({"pooling_mode_lasttoken": True}, "last_token"),
        ({"pooling_mode": "mean"}, "mean"),
    ],
)
def test_pooling_is_read_in_both_spellings(
    copied: Path, config: dict[str, object], pooling: str
) -> None:
    write_json(copied / "modules.json", modules("Transformer", "Pooling", "Normalize"))
    write_json(copied / "1_Pooling" / "config.json", config)
    assert read_folder(copied).pooling == pooling


def test_the_default_prompt_and_the_card_are_read(copied: Path) -> None:
    prompts = {"prompts": {"query": "query: "}, "default_prompt_name": "query"}
    write_json(copied / "config_sentence_transformers.json", prompts)
    card = "---\nlicense: mit\nlanguage:\n- en\n- de\n- multilingual\n---\n# A card\n"
    (copied / "README.md").write_text(card, encoding="utf-8")
    folder = read_folder(copied)
    assert (folder.prefix, folder.license) == ("query: ", "mit")
    assert folder.languages == ("en", "de")


def test_a_card_that_cannot_be_read_states_nothing(copied: Path) -> None:
    (copied / "README.md").write_text("---\nlicense: [\n---\n", encoding="utf-8")
    assert read_folder(copied).license is None


def damage_pooling(folder: Path) -> None:
    write_json(folder / "modules.json", modules("Transformer", "Pooling"))
    both = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}
    write_json(folder / "1_Pooling" / "config.json", both)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda f: (f / "config.json").unlink(), "it has no config.json"),
        (lambda f: (f / "tokenizer.json").unlink(), "has no tokenizer"),
        (lambda f: (f / "model.safetensors").unlink(), "has no weights"),
        (lambda f: write_json(f / "modules.json", modules("Transformer", "CNN")), "a CNN module"),
        (lambda f: (f / "modules.json").write_text("{"), "is not JSON"),
        (damage_pooling, "pools by pooling_mode_cls_token and pooling_mode_mean_tokens"),
    ],
)
def test_an_incomplete_folder_is_refused(
    copied: Path, damage: Callable[[Path], object], said: str
) -> None:
    damage(copied)
    with pytest.raises(UnusableEncoder, match=said):
        read_folder(copied)


def test_weights_that_are_not_there_are_not_made_up(copied: Path) -> None:
    weights = load_file(copied / "model.safetensors")
    del weights["encoder.layer.1.output.dense.weight"]
    save_file(weights, copied / "model.safetensors", {"format": "pt"})
    with pytest.raises(UnusableEncoder, match=r"lacks 1 .* encoder\.layer\.1\.output\.dense"):
        load_encoder(read_folder(copied), "mean")


def test_weights_that_do_not_load_are_one_line(copied: Path) -> None:
    (copied / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(UnusableEncoder, match="does not load: ") as caught:
        load_encoder(read_folder(copied), "mean")
    assert "\n" not in str(caught.value)


def test_a_tokenizer_without_a_fast_version_is_refused(tiny_llama: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_llama, tmp_path / "slow"))
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer.model").write_bytes(b"no sentencepiece model")
    with pytest.raises(UnusableEncoder, match="tokenizer"):
        load_tokenizer(read_folder(folder))


def test_positions_limit_the_length_of_a_text(tiny_bert: Path, tiny_xlm_roberta: Path) -> None:
    assert most_tokens(load_encoder(read_folder(tiny_bert), "mean")) == 80
    # RoBERTa's first two positions stand for padding.
    assert most_tokens(load_encoder(read_folder(tiny_xlm_roberta), "mean")) == 78


def test_a_linear_layer_behind_the_pooling_is_part_of_the_encoder(copied: Path) -> None:
    write_json(copied / "modules.json", modules("Transformer", "Pooling", "Dense"))
    write_json(copied / "1_Pooling" / "config.json", {"pooling_mode": "cls"})
    dense = nn.Linear(64, 24)
    config = {"in_features": 64, "out_features": 24, "bias": True}
    config["activation_function"] = "torch.nn.modules.activation.Tanh"
    write_json(copied / "2_Dense" / "config.json", config)
    state = {f"linear.{name}": value for name, value in dense.state_dict().items()}
    save_file(state, copied / "2_Dense" / "model.safetensors")

    encoder = load_encoder(read_folder(copied), "cls")
    ids_BT = torch.tensor([[2, 7, 9, 3]])
    with torch.inference_mode():
        vectors_BD = encoder(ids_BT, torch.ones_like(ids_BT))
        states_BTD = encoder.transformer(ids_BT).last_hidden_state
        assert torch.allclose(vectors_BD, torch.tanh(dense(states_BTD[:, 0])), atol=1e-6)
    assert dimension(encoder) == 24
