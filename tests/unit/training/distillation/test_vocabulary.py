"""Pruning a vocabulary: what is kept, what must be kept, and that nothing else changes."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from tests.unit.training.distillation.conftest import SPECIALS, in_language
from training.corpus.passage import Passage
from training.distillation.settings import Vocabulary
from training.distillation.vocabulary import SCORE_DIGITS, Pruned, prune
from training.errors import BadRecipe, UnusableEncoder

PASSAGES = [*in_language("en"), *in_language("de"), *in_language("ar"), *in_language("zh")]
ROOMY = Vocabulary(pieces=3_000, words=0)
SMALL = Vocabulary(pieces=1_100, words=0)


def state(tokenizer: Tokenizer) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(tokenizer.to_str())
    return document


def scores(tokenizer: Tokenizer) -> dict[str, float]:
    return dict(state(tokenizer)["model"]["vocab"])


def tokens(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[str]]:
    return [encoded.tokens for encoded in tokenizer.encode_batch(list(texts))]


def rounded(tokenizer: Tokenizer) -> Tokenizer:
    """With scores of three digits, as a pruned one has: ties are ties then, on both sides."""
    document = state(tokenizer)
    for piece in document["model"]["vocab"]:
        piece[1] = round(piece[1], SCORE_DIGITS)
    return Tokenizer.from_str(json.dumps(document))


@pytest.fixture(scope="module")
def small(unigram: Tokenizer) -> Pruned:
    return prune(unigram, PASSAGES, SMALL)


def test_as_many_pieces_are_kept_as_is_said(unigram: Tokenizer, small: Pruned) -> None:
    assert small.tokenizer.get_vocab_size() == len(small.kept) == SMALL.pieces
    assert len(prune(unigram, PASSAGES[:1], SMALL).kept) < SMALL.pieces


def test_a_pieces_new_id_is_its_place_among_the_kept(unigram: Tokenizer, small: Pruned) -> None:
    assert list(small.kept) == sorted(set(small.kept))
    assert [unigram.id_to_token(old) for old in small.kept] == [
        small.tokenizer.id_to_token(new) for new in range(SMALL.pieces)
    ]


def test_the_kept_pieces_keep_the_order_of_their_scores(unigram: Tokenizer, small: Pruned) -> None:
    before, after = scores(unigram), scores(small.tokenizer)
    ordered = sorted(after, key=lambda piece: before[piece])
    assert all(after[low] <= after[high] for low, high in pairwise(ordered))
    assert all(after[piece] == pytest.approx(before[piece], abs=5.1e-4) for piece in after)


def test_special_tokens_and_the_unknown_one_survive(unigram: Tokenizer) -> None:
    unigram = Tokenizer.from_str(unigram.to_str())
    shuffled = state(unigram)
    vocabulary = shuffled["model"]["vocab"]
    moved = [*vocabulary[4:1000], *vocabulary[:4], *vocabulary[1000:]]
    shuffled["model"] |= {"vocab": moved, "unk_id": 999}
    place = {token: 996 + number for number, token in enumerate(SPECIALS)}
    for token in shuffled["added_tokens"]:
        token["id"] = place[token["content"]]
    for token in shuffled["post_processor"]["special_tokens"].values():
        token["ids"] = [place[token["id"]]]
    pruned = prune(Tokenizer.from_str(json.dumps(shuffled)), PASSAGES, SMALL).tokenizer

    kept = state(pruned)
    assert kept["model"]["vocab"][kept["model"]["unk_id"]][0] == "<unk>"
    for token in kept["added_tokens"]:
        assert pruned.token_to_id(token["content"]) == token["id"]
        assert pruned.id_to_token(token["id"]) == token["content"]
    assert {token["content"] for token in kept["added_tokens"]} == set(SPECIALS)
    encoded = pruned.encode("harbour \N{SNOWMAN}")
    assert (encoded.tokens[0], encoded.tokens[-1]) == ("<s>", "</s>")
    assert [encoded.ids[0], encoded.ids[-1]] == [pruned.token_to_id(t) for t in ("<s>", "</s>")]
    assert kept["model"]["unk_id"] in encoded.ids


def test_every_character_that_occurs_twice_stays_known(unigram: Tokenizer, small: Pruned) -> None:
    before, after = unigram.token_to_id("<unk>"), small.tokenizer.token_to_id("<unk>")
    for passage in PASSAGES:
        once = {c for c in passage.text if sum(c in p.text for p in PASSAGES) < 2}
        text = "".join(c for c in passage.text if c not in once)
        if before not in unigram.encode(text).ids:
            assert after not in small.tokenizer.encode(text).ids


def test_with_room_for_all_a_texts_pieces_it_is_segmented_as_before(unigram: Tokenizer) -> None:
    full, texts = rounded(unigram), [passage.text for passage in PASSAGES]
    pruned = prune(full, PASSAGES, ROOMY)
    assert len(pruned.kept) < ROOMY.pieces
    assert tokens(pruned.tokenizer, texts) == tokens(full, texts)


def test_where_all_pieces_are_kept_nothing_changes(unigram: Tokenizer) -> None:
    full = prune(rounded(unigram), PASSAGES, ROOMY).tokenizer
    again = prune(full, PASSAGES, ROOMY)
    assert again.kept == tuple(range(full.get_vocab_size()))
    assert again.tokenizer.to_str() == full.to_str()


def test_a_language_of_few_texts_keeps_its_pieces_beside_one_of_many(unigram: Tokenizer) -> None:
    full = rounded(unigram)
    many = [passage for passage in in_language("en", 5_000) if passage.key is None]
    few = in_language("bg", 10)
    pruned = prune(full, [*many, *few], Vocabulary(pieces=1_000, words=0, english=1))
    texts = [passage.text for passage in few]
    assert tokens(pruned.tokenizer, texts) == tokens(full, texts)


def test_the_heavier_english_weighs_the_more_of_its_pieces_stay(unigram: Tokenizer) -> None:
    def english_tokens(weight: float) -> int:
        settings = Vocabulary(pieces=1_000, words=0, english=weight)
        pruned = prune(unigram, PASSAGES, settings).tokenizer
        texts = [passage.text for passage in in_language("en")]
        return sum(len(text) for text in tokens(pruned, texts))

    assert english_tokens(100) < english_tokens(0.01)


def test_a_languages_frequent_words_count_though_no_text_has_them(unigram: Tokenizer) -> None:
    text = [Passage("headline", "hr", "a b c"), Passage("headline", "hr", "a b c")]
    without = prune(unigram, text, SMALL)
    with_words = prune(unigram, text, SMALL.model_copy(update={"words": 0.4}))
    assert len(without.kept) < 20
    assert {*without.kept} < {*with_words.kept}
    assert len(with_words.kept) > 100


def test_what_a_tokenizer_truncates_and_pads_to_changes_nothing(
    unigram: Tokenizer, small: Pruned
) -> None:
    other = Tokenizer.from_str(unigram.to_str())
    other.enable_truncation(8)
    other.enable_padding(pad_id=1, pad_token="<pad>", length=8)
    pruned = prune(other, PASSAGES, SMALL)
    assert pruned.kept == small.kept
    assert pruned.tokenizer.to_str() == small.tokenizer.to_str()


def test_an_added_token_beyond_the_vocabulary_is_left_out(
    unigram: Tokenizer, small: Pruned
) -> None:
    other = Tokenizer.from_str(unigram.to_str())
    other.add_special_tokens(["<mask>"])
    pruned = prune(other, PASSAGES, SMALL)
    assert pruned.kept == small.kept
    assert pruned.tokenizer.token_to_id("<mask>") is None


def test_fewer_pieces_than_characters_are_refused(unigram: Tokenizer) -> None:
    characters = "".join(chr(0x4E00 + number) for number in range(1_200))
    full = state(unigram)
    full["model"]["vocab"] += [[character, -9.0] for character in characters]
    tokenizer = Tokenizer.from_str(json.dumps(full))
    passages = [Passage("headline", "ha", characters)] * 2
    with pytest.raises(BadRecipe, match=r"vocabulary\.pieces: 1\d\d\d are needed"):
        prune(tokenizer, passages, SMALL)


@pytest.mark.parametrize(
    ("tokenizer", "message"),
    [
        (Tokenizer(models.WordPiece(unk_token="[UNK]")), "only a unigram vocabulary"),
        (Tokenizer(models.Unigram([("<unk>", 0.0), ("▁", -1.0)], 0)), "RobertaProcessing cannot"),
    ],
    ids=["word pieces", "another framing"],
)
def test_another_kind_of_tokenizer_is_refused(tokenizer: Tokenizer, message: str) -> None:
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    with pytest.raises(UnusableEncoder, match=message):
        prune(tokenizer, PASSAGES, SMALL)
