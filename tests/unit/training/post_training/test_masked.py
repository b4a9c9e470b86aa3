"""Masked language modelling: what is hidden, what it costs, what is left afterwards."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import BertForMaskedLM

from tests.unit.training.conftest import titled_log
from tests.unit.training.post_training.tiny_pairs import PAIRS, TITLES, cut_off, learning
from tests.unit.training.slopes import check_slope
from training.data.tokens import tokenise
from training.encoders.folder import read_folder
from training.encoders.huggingface import load_encoder, load_tokenizer
from training.errors import BadRecipe, UnusableEncoder
from training.post_training.masked import (
    UNASKED,
    Guessing,
    Hiding,
    MaskedBatch,
    MaskedModel,
    guess_masked,
    texts_of_domain,
    texts_of_task,
)
from training.post_training.settings import Masking

SETTINGS = Masking(max_tokens=16, learning=learning())
Ids = NDArray[np.int64]


@pytest.fixture
def tokenizer(tiny_bert: Path) -> Tokenizer:
    return load_tokenizer(read_folder(tiny_bert))


@pytest.fixture
def ids_and_mask(tokenizer: Tokenizer) -> tuple[Ids, Ids]:
    """Enough texts for shares to show."""
    return tokenise(tokenizer, TITLES * 30, 16).batch(np.arange(30 * len(TITLES)))


def test_the_stated_shares_are_hidden_swapped_and_left(
    tokenizer: Tokenizer, ids_and_mask: tuple[Ids, Ids]
) -> None:
    ids_BT, mask_BT = ids_and_mask
    hiding = Hiding.of(tokenizer, SETTINGS)
    given_BT, asked_BT = hiding(ids_BT, mask_BT, np.random.default_rng(3))
    words_BT = (mask_BT == 1) & np.isin(ids_BT, hiding.words_V)
    asked = asked_BT != UNASKED
    assert asked.sum() / words_BT.sum() == pytest.approx(0.15, abs=0.01)
    assert (asked_BT[asked] == ids_BT[asked]).all()
    masked, same = given_BT[asked] == hiding.mask_id, given_BT[asked] == ids_BT[asked]
    assert masked.mean() == pytest.approx(0.8, abs=0.03)
    assert same.mean() == pytest.approx(0.1, abs=0.03)
    assert (given_BT[~asked] == ids_BT[~asked]).all()


def test_special_tokens_and_padding_are_never_asked_for_nor_put_in(
    tokenizer: Tokenizer, ids_and_mask: tuple[Ids, Ids]
) -> None:
    ids_BT, mask_BT = ids_and_mask
    settings = SETTINGS.changed(["share=0.99", "hidden=0", "swapped=1"])
    hiding = Hiding.of(tokenizer, settings)
    given_BT, asked_BT = hiding(ids_BT, mask_BT, np.random.default_rng(3))
    special = [tokenizer.token_to_id(t) for t in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")]
    untouched = np.isin(ids_BT, special) | (mask_BT == 0)
    assert untouched.any()
    assert (asked_BT[untouched] == UNASKED).all()
    assert (given_BT[untouched] == ids_BT[untouched]).all()
    assert not np.isin(given_BT[asked_BT != UNASKED], special).any()


def test_a_tokenizer_without_a_mask_is_refused(tiny_xlm_roberta: Path, tmp_path: Path) -> None:
    with pytest.raises(UnusableEncoder, match="the tokenizer has no mask"):
        guess_masked(tiny_xlm_roberta, TITLES, SETTINGS, tmp_path)


class Certain(torch.nn.Module):
    """In the place of a transformer: the same logits, whatever it reads."""

    base_model = torch.nn.Identity()

    def forward(self, **given: torch.Tensor) -> object:
        class Output:
            logits = torch.tensor([[[0.0, 1.0], [2.0, 0.0], [0.0, 0.0]]]).log_softmax(-1)

        return Output


def test_the_loss_is_the_mean_over_what_is_asked_for() -> None:
    """−log softmax by hand: of 1 in (0, 1) 0.31326, of 1 in (2, 0) 2.12693."""
    asked_BT = torch.tensor([[1, 1, UNASKED]])
    ones = torch.ones_like(asked_BT)
    assert float(MaskedModel(Certain())(MaskedBatch(ones, ones, asked_BT))) == pytest.approx(
        (0.3132617 + 2.1269280) / 2, abs=1e-6
    )
    nothing = torch.full_like(asked_BT, UNASKED)
    assert float(MaskedModel(Certain())(MaskedBatch(ones, ones, nothing))) == 0


def test_a_batch_hides_other_tokens_in_another_epoch(tokenizer: Tokenizer) -> None:
    lesson = Guessing(tokenise(tokenizer, TITLES, 16), Hiding.of(tokenizer, SETTINGS))
    rows = np.arange(8)
    first, same, other = (
        lesson.batch(rows, np.random.default_rng([1, epoch])) for epoch in (0, 0, 1)
    )
    assert torch.equal(first.ids_BT, same.ids_BT)
    assert not torch.equal(first.ids_BT, other.ids_BT)


def test_guessing_is_learned_and_ends_in_an_encoder(tiny_bert: Path, tmp_path: Path) -> None:
    """A few titles, so often that they are known by heart: chance hides other tokens each time."""
    settings = SETTINGS.changed(["learning.epochs=40", "learning.learning_rate=5e-3"])
    guessed = guess_masked(tiny_bert, TITLES[:8], settings, tmp_path)
    assert len(guessed.losses) == 40
    assert guessed.losses[-1] < guessed.losses[0] / 2
    before = load_encoder(read_folder(tiny_bert), "mean").state_dict()
    after = load_encoder(read_folder(guessed.folder), "mean").state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in after)
    titles = load_tokenizer(read_folder(guessed.folder)).encode(TITLES[0]).ids
    assert titles == load_tokenizer(read_folder(tiny_bert)).encode(TITLES[0]).ids


def test_guessing_that_is_cut_off_goes_on_to_the_same_end(
    tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = guess_masked(tiny_bert, TITLES, SETTINGS, tmp_path / "whole")
    with monkeypatch.context() as patch:
        cut_off(patch, 11)
        with pytest.raises(KeyboardInterrupt):
            guess_masked(tiny_bert, TITLES, SETTINGS, tmp_path / "cut off")
    resumed = guess_masked(tiny_bert, TITLES, SETTINGS, tmp_path / "cut off")
    assert resumed.losses == pytest.approx(whole.losses, abs=1e-6)


@pytest.mark.parametrize(
    ("texts", "change", "message"),
    [
        ([], "share=0.2", "no texts to learn from"),
        (TITLES, "max_tokens=100", "at most 80, not 100"),
    ],
)
def test_what_cannot_be_is_refused(
    texts: list[str], change: str, message: str, tiny_bert: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadRecipe, match=message):
        guess_masked(tiny_bert, texts, SETTINGS.changed([change]), tmp_path)


def test_the_domain_is_whole_news_and_the_task_the_titles_that_were_seen() -> None:
    assert texts_of_domain(PAIRS[:1]) == [f"{PAIRS[0].title} {PAIRS[0].body}"]
    log = titled_log(impressions=2)
    titles = log.news.column("title")
    assert texts_of_task(log) == [titles[row] for row in log.seen() if titles[row]]


def test_the_gradient_is_the_losss(tiny_bert: Path, ids_and_mask: tuple[Ids, Ids]) -> None:
    source = read_folder(tiny_bert)
    tokenizer = load_tokenizer(source)
    ids_BT, mask_BT = (some[:3] for some in ids_and_mask)
    hiding = Hiding.of(tokenizer, SETTINGS.changed(["share=0.5"]))
    given_BT, asked_BT = hiding(ids_BT, mask_BT, np.random.default_rng(3))
    batch = MaskedBatch(*map(torch.from_numpy, (given_BT, mask_BT, asked_BT)))
    model = MaskedModel(BertForMaskedLM.from_pretrained(tiny_bert)).double().eval()
    check_slope(model, lambda: model(batch))
