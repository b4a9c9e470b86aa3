"""Tiny encoders with random weights, saved as the folders that people have."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    XLMRobertaConfig,
    XLMRobertaModel,
)

from training.export.sample_texts import SAMPLE_TITLES
from training.quiet import quiet

SIZES = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "max_position_embeddings": 80,
}


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT with a WordPiece tokenizer."""
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=1500, special_tokens=specials)
    tokenizer.train_from_iterator(SAMPLE_TITLES, trainer)
    _frame(tokenizer, "[CLS]", "[SEP]")
    config = BertConfig(vocab_size=tokenizer.get_vocab_size(), **SIZES)
    return _save(tmp_path_factory.mktemp("tiny-bert"), BertModel, config, tokenizer, "[PAD]")


@pytest.fixture(scope="session")
def tiny_xlm_roberta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An XLM-RoBERTa, whose positions start behind its padding id 1, with a Unigram tokenizer."""
    tokenizer = _unigram(["<s>", "<pad>", "</s>", "<unk>"])
    _frame(tokenizer, "<s>", "</s>")
    config = XLMRobertaConfig(vocab_size=tokenizer.get_vocab_size(), pad_token_id=1, **SIZES)
    folder = tmp_path_factory.mktemp("tiny-xlm-roberta")
    return _save(folder, XLMRobertaModel, config, tokenizer, "<pad>")


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal language model, saved with its head."""
    tokenizer = _unigram(["<s>", "</s>", "<pad>", "<unk>"])
    config = LlamaConfig(vocab_size=tokenizer.get_vocab_size(), pad_token_id=2, **SIZES)
    folder = tmp_path_factory.mktemp("tiny-llama")
    return _save(folder, LlamaForCausalLM, config, tokenizer, "<pad>")


@pytest.fixture
def titles_file(tmp_path: Path) -> Path:
    """Our own titles, one a line."""
    path = tmp_path / "titles.txt"
    path.write_text("\n".join(SAMPLE_TITLES) + "\n", encoding="utf-8")
    return path


def _unigram(specials: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=1500, special_tokens=specials, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(SAMPLE_TITLES, trainer)
    return tokenizer


def _frame(tokenizer: Tokenizer, first: str, last: str) -> None:
    tokens = [(token, tokenizer.token_to_id(token)) for token in (first, last)]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", special_tokens=tokens
    )


def _save(
    folder: Path,
    model: Callable[..., PreTrainedModel],
    config: object,
    tokenizer: Tokenizer,
    padding: str,
) -> Path:
    torch.manual_seed(7)
    with quiet():
        model(config).save_pretrained(folder)
        PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=padding).save_pretrained(
            folder
        )
    return folder
