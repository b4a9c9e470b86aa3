"""From a recipe to a recommender, ready to be trained."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import torch
from peft import LoraConfig, inject_adapter_in_model
from tokenizers import Tokenizer
from torch import nn

from training.data.features import TextSource, Vocabularies
from training.encoders.folder import read_folder
from training.encoders.huggingface import (
    is_causal,
    load_encoder,
    load_tokenizer,
    most_tokens,
    states_dimension,
)
from training.encoders.words import random_words, read_words, words_of
from training.errors import BadRecipe
from training.models.head import take_head
from training.models.news.encoder import NewsEncoder
from training.models.news.lstur import Lstur
from training.models.news.naml import Naml
from training.models.pooling import GIVES_OUTPUT, OF_FIRST, Centred, build_pooling
from training.models.recommender import Recommender
from training.models.text import Residual, TextEncoder, Words, in_two
from training.models.users.additive import Additive, Inclined
from training.models.users.encoder import UserEncoder
from training.models.users.late_fusion import Max, Mean, Recency
from training.models.users.lstur import LsturCon, LsturIni
from training.models.users.nrms import Nrms
from training.recipe import Lora, Recipe, Text, Transformer, Users, WordVectors

USERS: Final[Mapping[str, Callable[[int, Users], UserEncoder]]] = {
    "nrms": lambda dimension, users: Nrms(dimension, users.heads, users.dropout),
    "additive": lambda dimension, users: Additive(dimension),
    "additive_per_dimension": lambda dimension, users: Additive(dimension, per_dimension=True),
    "inclined": lambda dimension, users: Inclined(dimension),
    "lstur_ini": lambda dimension, users: LsturIni(dimension),
    "lstur_con": lambda dimension, users: LsturCon(dimension),
    "mean": lambda dimension, users: Mean(),
    "recency": lambda dimension, users: Recency(),
    "max": lambda dimension, users: Max(),
}
OF_FIRST_TOKEN: Final = ("cls", *OF_FIRST)
VIEWS: Final = {"title": NewsEncoder, "naml": Naml, "lstur": Lstur}


@dataclass(frozen=True)
class Backbone:
    """What turns tokens into states: its parts, the states' dimension, and the tokenizer."""

    frozen: nn.Module | None
    trained: nn.Module | None
    dimension: int
    tokenizer: Tokenizer


def build(
    recipe: Recipe, texts: list[str], vocabularies: Vocabularies, readers: int
) -> tuple[Recommender, Tokenizer]:
    """The recommender with fresh weights under the recipe's seed, and its tokenizer.

    ``texts`` are those of the training news, for a word vocabulary. Raises BadRecipe for settings
    that do not fit each other, UnusableEncoder for a folder or file that cannot be used.
    """
    torch.manual_seed(recipe.training.seed)
    backbone = _backbone(recipe, texts)
    title = _text_encoder(recipe.text, backbone)
    views = {"title": title}
    if recipe.news == "naml":
        views["abstract"] = _text_encoder(recipe.text, backbone)
    news = _news(recipe, views, title.dimension, vocabularies)
    users = USERS[recipe.users.kind](news.dimension, recipe.users)
    return Recommender(news, users, readers), backbone.tokenizer


def build_text_encoder(text: Text, seed: int) -> tuple[TextEncoder, Tokenizer]:
    """A transformer's text encoder on its own, what is fresh in it under the seed, and its
    tokenizer.

    Raises as ``build`` does.
    """
    if not isinstance(text.encoder, Transformer):
        raise BadRecipe("text.encoder: a Hugging Face folder is needed here")
    torch.manual_seed(seed)
    backbone = _of_transformer(text.encoder, text)
    return _text_encoder(text, backbone), backbone.tokenizer


def text_sources(recipe: Recipe) -> dict[str, TextSource]:
    """The texts that the recipe's news encoder reads."""
    text = recipe.text
    sources = {"title": TextSource(text.template, text.max_tokens)}
    if recipe.news == "naml":
        sources["abstract"] = TextSource(text.abstract_template, text.abstract_max_tokens)
    return sources


def _news(
    recipe: Recipe, views: dict[str, TextEncoder], dimension: int, vocabularies: Vocabularies
) -> NewsEncoder:
    if recipe.news == "title":
        return NewsEncoder(views, dimension)
    counts = len(vocabularies.categories), len(vocabularies.subcategories)
    if not counts[0]:
        raise BadRecipe(f"{recipe.news} reads categories, and the news have none")
    kind = Naml if recipe.news == "naml" else Lstur
    return kind(views, dimension, *counts)


def _backbone(recipe: Recipe, texts: list[str]) -> Backbone:
    encoder = recipe.text.encoder
    if isinstance(encoder, WordVectors):
        return _of_words(encoder, recipe, texts)
    return _of_transformer(encoder, recipe.text)


def _of_words(encoder: WordVectors, recipe: Recipe, texts: list[str]) -> Backbone:
    vocabulary, seed = words_of(texts), recipe.training.seed
    if encoder.file is None:
        words = random_words(vocabulary, encoder.dimension, seed)
    else:
        words = read_words(encoder.file, vocabulary, encoder.dimension, seed)
    dropout = recipe.text.dropout if encoder.trained else 0.0
    table = Words(torch.from_numpy(words.vectors_VD), dropout)
    frozen, trained = (None, table) if encoder.trained else (table, None)
    return Backbone(frozen, trained, encoder.dimension, words.tokenizer)


def _of_transformer(encoder: Transformer, text: Text) -> Backbone:
    if encoder.folder is None:
        raise BadRecipe("text.encoder.folder: say which Hugging Face folder to start from")
    folder = read_folder(encoder.folder)
    if text.pooling in OF_FIRST_TOKEN and is_causal(folder):
        raise BadRecipe(
            f"text.pooling={text.pooling}: a causal model's first token has read nothing else; "
            "say text.pooling=last_token"
        )
    loaded = load_encoder(folder, "mean")
    longest = max(text.max_tokens, text.abstract_max_tokens)
    most = most_tokens(loaded)
    if most is not None and longest > most:
        raise BadRecipe(f"{folder.path} reads at most {most} tokens, not {longest}")
    frozen, trained = in_two(loaded.transformer, encoder.trained_layers)
    if encoder.lora is not None:
        _adapt(trained, encoder.lora)
    dimension = states_dimension(loaded)
    return Backbone(frozen, trained, dimension, load_tokenizer(folder))


def _adapt(trained: nn.Module | None, lora: Lora) -> None:
    """Put adapters into the trained layers, the only weights there that learn from now on."""
    if trained is None:
        raise BadRecipe(
            "text.encoder.lora: adapters need trained layers (text.encoder.trained_layers)"
        )
    targets = adapted_layers(trained, lora)
    trained.requires_grad_(False)
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        use_rslora=lora.rank_stabilised,
        target_modules=targets,
    )
    inject_adapter_in_model(config, trained)


def adapted_layers(transformer: nn.Module, lora: Lora) -> list[str]:
    """The names of the linear layers that the adapters sit on. Raises BadRecipe for none."""
    linear = [name for name, m in transformer.named_modules() if isinstance(m, nn.Linear)]
    names = {name.rpartition(".")[2] for name in linear}
    targets = sorted(names & set(lora.targets))
    if not targets:
        raise BadRecipe(
            f"text.encoder.lora.targets: {', '.join(lora.targets)} match no linear layer; "
            f"there are {', '.join(sorted(names))}"
        )
    return targets


def _text_encoder(text: Text, backbone: Backbone) -> TextEncoder:
    if text.residual and text.dimension is not None:
        raise BadRecipe("text.residual keeps the pooled dimension: set text.dimension to null")
    output = text.dimension or backbone.dimension
    pool, dimension = build_pooling(text.pooling, backbone.dimension, output, text.dropout)
    if text.centred:
        pool = Centred(pool, dimension)
    tail, dimension = _tail(text, dimension)
    encoder = TextEncoder(backbone.frozen, backbone.trained, pool, tail, dimension)
    if isinstance(text.encoder, Transformer) and text.encoder.folder is not None:
        take_head(encoder, text.encoder.folder)
    return encoder


def _tail(text: Text, pooled: int) -> tuple[nn.Module, int]:
    if text.residual:
        return Residual(pooled, text.dropout), pooled
    if text.dimension is None or text.pooling in GIVES_OUTPUT:
        return nn.Identity(), pooled
    layers = nn.Sequential(nn.Dropout(text.dropout), nn.Linear(pooled, text.dimension))
    return layers, text.dimension
