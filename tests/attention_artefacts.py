"""Tiny recommenders, one for each architecture, trained on the invented log and exported.

Their encoder is a BERT of random weights: what is tested is the way from torch to the service.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from model_store.artefact import Artefact
from model_store.store import ModelStore
from tests.invented_log import invented_log, invented_news
from training.data.impressions import ImpressionLog
from training.export.from_recipe import export_trained
from training.quiet import quiet
from training.recipe import Recipe
from training.run import Logs, Trained, train

SHAPES: Final[dict[str, dict[str, Any]]] = {
    "nrms": {"text": {"pooling": "self_attention"}, "users": {"kind": "nrms", "heads": 4}},
    "naml": {"text": {"pooling": "convolution"}, "news": "naml", "users": {"kind": "additive"}},
    "lstur": {"text": {"pooling": "convolution"}, "news": "lstur", "users": {"kind": "lstur_ini"}},
    "lstur_con": {"news": "lstur", "users": {"kind": "lstur_con"}},
    "additive": {"users": {"kind": "additive"}},
    "additive_per_dimension": {"users": {"kind": "additive_per_dimension"}},
}
ARCHITECTURES: Final = tuple(SHAPES)
WITH_TERMS: Final = ("nrms", "naml", "additive", "additive_per_dimension")
WITH_LONG_TERM: Final = ("lstur", "lstur_con")
TRAINING_IMPRESSIONS: Final = 96


@dataclass(frozen=True, eq=False)
class Made:
    """A trained recommender, and the artefact that was made of it."""

    trained: Trained
    artefact: Artefact


class Workshop:
    """Makes each architecture when it is first asked for. ``store`` holds them by name."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store = folder, folder / "store"
        self._made: dict[str, Made] = {}

    def make(self, architecture: str) -> Made:
        """The architecture's, promoted to production under its own name."""
        if architecture not in self._made:
            self._made[architecture] = self._trained_and_exported(architecture)
        return self._made[architecture]

    @cached_property
    def log(self) -> ImpressionLog:
        """What all of them are trained on."""
        return invented_log(invented_news(), TRAINING_IMPRESSIONS)

    @cached_property
    def later_log(self) -> ImpressionLog:
        """What none of them has seen: of each two readers, one is new."""
        return invented_log(self.log.news, 360, first_reader=12, day=1, seed=2)

    def _trained_and_exported(self, architecture: str) -> Made:
        recipe = recipe_of(architecture, self._bert)
        logs = Logs(self.log, None, ["invented"])
        with quiet(), one_thread():
            trained = train(recipe, logs, self.folder / architecture)
            artefact = export_trained(trained, self.store, recipe.name)
        ModelStore.at(self.store).promote(recipe.name, artefact.manifest.version)
        return Made(trained, artefact)

    @cached_property
    def _bert(self) -> Path:
        news = invented_news()
        return save_random_bert(
            self.folder / "bert", [*news.column("title"), *news.column("abstract")]
        )


def recipe_of(architecture: str, bert: Path) -> Recipe:
    """A small recipe of the architecture, over the encoder in the folder."""
    shape = SHAPES[architecture]
    text = {
        "encoder": {"kind": "transformer", "folder": str(bert), "trained_layers": 1},
        "dimension": 40,
        "max_tokens": 16,
        "abstract_max_tokens": 20,
    }
    training = {"epochs": 1, "batch_size": 32, "learning_rate": 1e-2}
    return Recipe.model_validate(
        {
            **shape,
            "name": architecture.replace("_", "-"),
            "source": "a test",
            "text": text | shape.get("text", {}),
            "training": training,
        }
    )


@contextmanager
def one_thread() -> Iterator[None]:
    """Within the block torch computes in one thread: several would only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def save_random_bert(folder: Path, texts: list[str]) -> Path:
    """A BERT of two layers with a vocabulary of the texts' words, as a Hugging Face folder."""
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer.train_from_iterator(texts, trainers.WordLevelTrainer(special_tokens=specials))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.2,
    )
    torch.manual_seed(7)
    with quiet():
        BertModel(config).save_pretrained(folder)
        PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]").save_pretrained(
            folder
        )
    return folder
