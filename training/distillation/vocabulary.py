"""Pruning a SentencePiece vocabulary to what news in some languages needs.

A piece counts by how often it occurs in each language, every language having the same weight
(but English), so that a language with few texts keeps its words. What is known of a language's
frequencies comes from the corpus and from a list of its words (``wordfreq``), since a corpus of a
thousand sentences lacks most words of the next one.

Shapes: V pieces of the full vocabulary, P pieces kept.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.corpus.passage import Passage
from training.distillation.settings import Vocabulary
from training.errors import BadRecipe, UnusableEncoder

Float64 = NDArray[np.float64]

WORDS: Final = 60_000
"""So many of a language's most frequent words are looked at."""
TEXTS: Final = 6_000
"""So many of a language's texts at most, but for English."""
WORD_LISTS: Final[Mapping[str, str]] = {"hr": "sh"}
"""Where the word list of a language has another's name."""
SPACE: Final = "▁"
SCORE_DIGITS: Final = 3


@dataclass(frozen=True)
class Pruned:
    """The pruned tokenizer, and the full vocabulary's ids of its pieces, in order (P,)."""

    tokenizer: Tokenizer
    kept: tuple[int, ...]


def prune(full: Tokenizer, passages: Sequence[Passage], settings: Vocabulary) -> Pruned:
    """Keep ``settings.pieces`` of the vocabulary.

    Raises UnusableEncoder if the tokenizer is not SentencePiece's unigram model, and BadRecipe if
    so many pieces are fewer than the texts have characters.
    """
    state = json.loads(full.to_str()) | {"truncation": None, "padding": None}
    _check(state)
    full = Tokenizer.from_str(json.dumps(state))
    pieces = [piece for piece, _ in state["model"]["vocab"]]
    by_language: dict[str, list[str]] = defaultdict(list)
    for passage in passages:
        by_language[passage.language].append(passage.text)
    weight_V = np.zeros(full.get_vocab_size())
    for language, texts in sorted(by_language.items()):
        share = settings.english if language == "en" else 1.0
        weight_V += share * _frequencies(full, language, texts, settings.words)
    needed = _needed(full, state, pieces, (passage.text for passage in passages))
    if len(needed) > settings.pieces:
        raise BadRecipe(f"vocabulary.pieces: {len(needed)} are needed for single characters")
    chosen = [
        piece
        for piece in np.argsort(-weight_V[: len(pieces)], kind="stable")
        if weight_V[piece] > 0
    ]
    kept = sorted(_first([*sorted(needed), *map(int, chosen)], settings.pieces))
    return Pruned(Tokenizer.from_str(json.dumps(_reduced(state, kept))), tuple(kept))


def _check(state: Mapping[str, Any]) -> None:
    if state["model"]["type"] != "Unigram":
        raise UnusableEncoder("only a unigram vocabulary can be pruned")
    framing = (state.get("post_processor") or {}).get("type", "TemplateProcessing")
    if framing != "TemplateProcessing":  # another says elsewhere which ids it adds
        raise UnusableEncoder(f"a tokenizer with {framing} cannot be pruned")


def _first(items: Iterable[int], most: int) -> list[int]:
    return list(dict.fromkeys(items))[:most]


def _frequencies(full: Tokenizer, language: str, texts: Sequence[str], words: float) -> Float64:
    """How often each piece (V,) occurs in the language, as shares of 1."""
    some = texts if language == "en" else texts[:TEXTS]
    of_texts = _shares(full, some, np.ones(len(some)))
    listed = _word_list(language) if words else {}
    if not listed:
        return of_texts
    of_words = _shares(full, list(listed), np.array(list(listed.values())))
    return (1 - words) * of_texts + words * of_words


def _shares(full: Tokenizer, texts: Sequence[str], weights: Float64) -> Float64:
    counts_V = np.zeros(full.get_vocab_size())
    encoded = full.encode_batch_fast(list(texts), add_special_tokens=False)
    for text, weight in zip(encoded, weights, strict=True):
        np.add.at(counts_V, text.ids, weight)
    shares_V: Float64 = counts_V / max(counts_V.sum(), 1e-12)
    return shares_V


def _word_list(language: str) -> dict[str, float]:
    """A language's most frequent words and their frequencies; nothing where there is no list."""
    import wordfreq  # here, not above: it reads its lists while it is imported

    name = WORD_LISTS.get(language, language)
    if name not in wordfreq.available_languages("best"):
        return {}
    frequencies = wordfreq.get_frequency_dict(name, "best")
    return dict(list(frequencies.items())[:WORDS])


def _needed(
    full: Tokenizer, state: Mapping[str, Any], pieces: Sequence[str], texts: Iterable[str]
) -> set[int]:
    """Special tokens, and every character of the texts as the tokenizer reads them."""
    position = {piece: number for number, piece in enumerate(pieces)}
    normaliser = full.normalizer
    read = (text if normaliser is None else normaliser.normalize_str(text) for text in texts)
    characters = {SPACE}.union(*map(set, read))
    special = {token["id"] for token in state["added_tokens"] if token["id"] < len(pieces)}
    known = {position[character] for character in characters if character in position}
    return {*special, state["model"]["unk_id"], *known}


def _reduced(state: dict[str, Any], kept: Sequence[int]) -> dict[str, Any]:
    """The tokenizer's state with the kept pieces alone, under their new ids."""
    new = {old: number for number, old in enumerate(kept)}
    model = state["model"]
    vocabulary = model["vocab"]
    pieces = [[vocabulary[old][0], round(vocabulary[old][1], SCORE_DIGITS)] for old in kept]
    state["model"] = {**model, "vocab": pieces, "unk_id": new[model["unk_id"]]}
    state["added_tokens"] = [
        {**token, "id": new[token["id"]]} for token in state["added_tokens"] if token["id"] in new
    ]
    for special in (state.get("post_processor") or {}).get("special_tokens", {}).values():
        special["ids"] = [new[old] for old in special["ids"]]
    return state
