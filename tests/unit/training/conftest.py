"""Tiny encoders with random weights, saved as the folders that people have, and what they make."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from torch import Tensor, nn
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

from tests.unit.training.small_logs import log_of, seen
from training.data.features import NewsFeatures, Vocabularies, features_of, rendered
from training.data.impressions import ImpressionLog
from training.encoding import KeptNews, keep
from training.examples import ReaderCodes
from training.export.sample_texts import SAMPLE_TITLES
from training.models.build import build, text_sources
from training.models.recommender import Recommender
from training.quiet import quiet
from training.recipe import Recipe

SIZES = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "max_position_embeddings": 80,
}


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Encoders this small are fastest on one thread, whatever else the machine is doing."""
    torch.set_num_threads(1)


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


@dataclass(frozen=True, eq=False)
class Prepared:
    """A fresh recommender, and what it needs of a log."""

    recommender: Recommender
    features: NewsFeatures
    kept: KeptNews
    readers: ReaderCodes


def prepare(recipe: Recipe, log: ImpressionLog, cache: Path | None = None) -> Prepared:
    """What training starts from; with a cache, what is kept is memory-mapped there."""
    vocabularies, readers = Vocabularies.of(log.news), ReaderCodes.of(log)
    sources = text_sources(recipe)
    texts = [text for source in sources.values() for text in rendered(log.news, source.template)]
    recommender, tokenizer = build(recipe, texts, vocabularies, len(readers))
    features = features_of(log.news, tokenizer, sources, vocabularies)
    kept = keep(recommender.news, features, np.arange(len(log.news)), cache=cache)
    return Prepared(recommender, features, kept, readers)


def learned(
    model: nn.Module,
    loss: Callable[[], Tensor],
    backward: Callable[[Tensor], None] = lambda loss: loss.backward(),  # type: ignore[no-untyped-call]
    steps: int = 30,
) -> tuple[float, float]:
    """A loss before and after some steps that nothing but it decides: the same batch each time,
    nothing drops out. What is right falls so far that no machine's rounding can hide it.
    """
    model.eval()
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=3e-3)
    begun = float(loss().detach())
    for _ in range(steps):
        optimizer.zero_grad()
        backward(loss())
        optimizer.step()
    return begun, float(loss().detach())


def titled_log(impressions: int = 12, news: int = 16, seed: int = 5) -> ImpressionLog:
    """Readers with histories of none to six clicks, repeats among them, over real titles.

    One title is empty, and some news lack an abstract or a category.
    """
    rng = np.random.default_rng(seed)
    ids = [f"n{row:02}" for row in range(news)]
    shown = []
    for hour in range(impressions):
        labels = [1, 0, *rng.integers(0, 2, rng.integers(1, 5)).tolist()]
        candidates = rng.choice(ids, len(labels), replace=False).tolist()
        history = rng.choice(ids, hour % 7).tolist()
        pairs = list(zip(candidates, labels, strict=True))
        shown.append(seen(pairs, history=history, user=f"u{hour % 5}", hours=hour))
    words = {id_: SAMPLE_TITLES[row].split()[: 2 + row] for row, id_ in enumerate(ids)}
    return log_of(
        *shown,
        title={id_: " ".join(some) for id_, some in words.items()} | {"n03": ""},
        abstract={id_: SAMPLE_TITLES[news + row] for row, id_ in enumerate(ids) if row % 3},
        category={id_: "sport" if row % 2 else "news" for row, id_ in enumerate(ids) if row % 5},
        subcategory={id_: f"s{row % 4}" for row, id_ in enumerate(ids) if row % 7},
    )


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
