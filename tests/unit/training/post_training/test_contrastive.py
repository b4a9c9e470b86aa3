"""Post-training by titles and bodies: its candidates, its loss, its copies."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from tests.unit.training.conftest import learned
from tests.unit.training.post_training.tiny_pairs import (
    PAIRS,
    STEPS,
    TITLES,
    TOWER,
    cut_off,
    learning,
)
from training.data.tokens import TokenTable
from training.errors import BadRecipe, NotWritable
from training.models.head import HEAD
from training.post_training.contrastive import (
    Contrastive,
    Matching,
    PairBatch,
    PostTrained,
    news_tower,
    post_train,
)
from training.post_training.copies import TOWER as STATED
from training.post_training.copies import last_copies
from training.post_training.pairs import Pair, PairTokens
from training.post_training.settings import PostTraining

SETTINGS = PostTraining(
    tower=TOWER, negatives=4, save_steps=5, copies=2, learning=learning(epochs=3)
)


def titles_of(numbers: list[int]) -> PairTokens:
    """Pairs whose titles are so numbered; what they say does not matter."""
    count = max(numbers) + 1
    table = TokenTable(np.ones((count, 1), np.int32), np.ones(count, np.int64))
    return PairTokens(table, table, np.array(numbers, np.int64))


@given(st.lists(st.integers(0, 8), min_size=1, max_size=20), st.integers(0, 99))
def test_the_matching_title_is_never_among_the_others(numbers: list[int], seed: int) -> None:
    """Whatever pair it belongs to: several may share a title."""
    matching = Matching(titles_of([*numbers, 8]), negatives=5)
    rows = np.arange(len(matching))
    candidates_BC = matching.candidates(rows, np.random.default_rng(seed))
    assert candidates_BC[:, 0].tolist() == [*numbers, 8]
    assert all(len(set(row)) == 6 for row in candidates_BC.tolist())
    assert ((candidates_BC >= 0) & (candidates_BC < 9)).all()


def test_every_other_title_is_drawn_alike() -> None:
    matching = Matching(titles_of([3, 7]), negatives=2)
    rng = np.random.default_rng(5)
    drawn = np.concatenate(
        [matching.candidates(np.zeros(1, np.int64), rng)[0, 1:] for _ in range(3500)]
    )
    counts = np.bincount(drawn, minlength=8)
    assert counts[3] == 0
    assert (np.abs(counts[counts > 0] - 1000) < 150).all()


class FirstToken(nn.Embedding):
    """Gives a text the vector of its first token."""

    def forward(self, ids_BT: Tensor, mask_BT: Tensor) -> Tensor:
        return super().forward(ids_BT[:, 0])


def test_the_loss_is_as_computed_by_hand() -> None:
    """Titles (1, 1), (0, 1), (2, 0), bodies (1, 0), (0, 2): scores (1, 0) and (2, 0), and so
    ln(1 + e⁻¹) = 0.313262 and ln(1 + e⁻²) = 0.126928, whose mean is 0.220095.
    """
    vectors = torch.tensor([[1.0, 1], [0, 1], [2, 0], [1, 0], [0, 2]])
    encoder = FirstToken.from_pretrained(vectors)
    titles, bodies = torch.tensor([[0], [1], [2]]), torch.tensor([[3], [4]])
    batch = PairBatch(
        rows_U=torch.arange(3),
        rows_B=torch.arange(2),
        titles=(titles, torch.ones_like(titles)),
        bodies=(bodies, torch.ones_like(bodies)),
        candidates_BC=torch.tensor([[0, 1], [1, 2]]),
    )
    assert float(Contrastive(encoder)(batch)) == pytest.approx(0.220095, abs=1e-6)


def test_a_batchs_loss_is_that_of_its_pairs_alone(tiny_bert: Path) -> None:
    encoder, tokenizer = news_tower(tiny_bert, TOWER, 3)
    matching = Matching(PairTokens.of(PAIRS, tokenizer, 12, 24), 4)
    model = Contrastive(encoder).eval()
    rows = np.array([3, 9, 40])
    drawn = matching.candidates(rows, np.random.default_rng(8))
    expected = []
    with torch.inference_mode():
        for row, candidates in zip(rows.tolist(), drawn.tolist(), strict=True):
            bodies = matching.tokens.bodies.batch(np.array([row]))
            body = encoder(*map(torch.from_numpy, bodies))[0]
            titles = [matching.tokens.titles.batch(np.array([one])) for one in candidates]
            scores = [float(encoder(*map(torch.from_numpy, one))[0] @ body) for one in titles]
            expected.append(np.log(np.exp(scores).sum()) - scores[0])
        found = model(matching.batch(rows, np.random.default_rng(8)))
    assert float(found) == pytest.approx(np.mean(expected), abs=1e-4)


def test_pooling_does_not_see_padding(tiny_bert: Path) -> None:
    encoder, tokenizer = news_tower(tiny_bert, TOWER, 3)
    encoder.eval()
    ids = torch.tensor([tokenizer.encode(TITLES[0]).ids])
    mask = torch.ones_like(ids)
    hidden = torch.full((1, 7), 11)
    with torch.inference_mode():
        alone = encoder(ids, mask)
        padded = encoder(torch.cat([ids, hidden], 1), torch.cat([mask, 0 * hidden], 1))
        seen = encoder(torch.cat([ids, hidden], 1), torch.cat([mask, 0 * hidden + 1], 1))
    torch.testing.assert_close(padded, alone, atol=1e-5, rtol=0)
    assert (seen - alone).abs().max() > 1e-3


@pytest.fixture(scope="module")
def whole(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PostTrained]:
    """A run that nothing cut off."""
    work = tmp_path_factory.mktemp("post-trained")
    return work, post_train(tiny_bert, PAIRS, SETTINGS, work)


def test_which_titles_match_is_learned(tiny_bert: Path) -> None:
    encoder, tokenizer = news_tower(tiny_bert, TOWER, 3)
    matching = Matching(PairTokens.of(PAIRS, tokenizer, 12, 24), 4)
    model, batch = Contrastive(encoder), matching.batch(np.arange(16), np.random.default_rng(1))
    before, after = learned(model, lambda: model(batch))
    assert after < before / 2


def test_the_last_copies_stay(whole: tuple[Path, PostTrained]) -> None:
    work, trained = whole
    assert len(trained.losses) == 3
    assert 3 * STEPS == 24
    assert [copy.name for copy in trained.copies] == ["0000015", "0000020"]
    assert sorted(path.name for path in (work / "copies").iterdir()) == ["0000015", "0000020"]
    assert trained.newest.name == "0000020"
    assert json.loads((trained.newest / STATED).read_text())["title_tokens"] == 12


def vectors(folder: Path) -> torch.Tensor:
    encoder, tokenizer = news_tower(folder, TOWER, 99)
    tokens = PairTokens.of(PAIRS[:5], tokenizer, 12, 24)
    with torch.inference_mode():
        return encoder.eval()(*map(torch.from_numpy, tokens.titles.batch(np.arange(5))))


def test_a_copy_is_the_whole_encoder(
    whole: tuple[Path, PostTrained], tiny_bert: Path, tmp_path: Path
) -> None:
    """Its attention and its linear layer, too: another seed makes no fresh ones."""
    older, newest = whole[1].copies
    assert (newest / HEAD).is_file()
    assert torch.equal(vectors(newest), vectors(newest))
    assert (vectors(older) - vectors(newest)).abs().max() > 1e-4
    wider = TOWER.model_copy(update={"dimension": 24})
    with pytest.raises(BadRecipe, match="is of another shape than the recipe's"):
        news_tower(newest, wider, 3)


@pytest.mark.parametrize("last", [2, STEPS + 5])
def test_a_run_that_is_cut_off_ends_as_if_it_had_not_been(
    whole: tuple[Path, PostTrained],
    tiny_bert: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    last: int,
) -> None:
    """Before the first checkpoint, and behind one in the midst of the second epoch."""
    with monkeypatch.context() as patch:
        cut_off(patch, last)
        with pytest.raises(KeyboardInterrupt):
            post_train(tiny_bert, PAIRS, SETTINGS, tmp_path)
    resumed = post_train(tiny_bert, PAIRS, SETTINGS, tmp_path)
    assert resumed.losses == pytest.approx(whole[1].losses, abs=1e-6)
    for one, other in zip(resumed.copies, whole[1].copies, strict=True):
        torch.testing.assert_close(vectors(one), vectors(other), atol=1e-6, rtol=0)


def test_a_run_that_ended_is_found_again(
    whole: tuple[Path, PostTrained], tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off(monkeypatch, 0)
    work, trained = whole
    assert post_train(tiny_bert, PAIRS, SETTINGS, work) == trained


def test_another_run_in_the_same_folder_is_refused(
    whole: tuple[Path, PostTrained], tiny_bert: Path
) -> None:
    work, _ = whole
    for pairs, settings in (
        (PAIRS[:-1], SETTINGS),
        (PAIRS, SETTINGS.changed(["negatives=5"])),
        (PAIRS, SETTINGS.changed(["learning.seed=1"])),
    ):
        with pytest.raises(BadRecipe, match="holds a run of other settings or data"):
            post_train(tiny_bert, pairs, settings, work)


@pytest.mark.parametrize(
    ("pairs", "change", "message"),
    [
        ([], "negatives=4", "4 other titles are wanted for a body, and there are 0"),
        (PAIRS[:4], "negatives=4", "4 other titles are wanted for a body, and there are 3"),
        ([Pair("A", str(n)) for n in range(9)], "negatives=1", "there are 0"),
        (PAIRS, "copies=5", "24 steps leave 4 copies, and 5 are to stay"),
        (PAIRS, "tower.body_tokens=500", "reads at most 80 tokens, not 500"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_trained(
    pairs: list[Pair], change: str, message: str, tiny_bert: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadRecipe, match=message):
        post_train(tiny_bert, pairs, SETTINGS.changed([change]), tmp_path / "work")
    assert not (tmp_path / "work" / "checkpoint").exists()


def test_a_folder_that_cannot_be_written_is_refused(tiny_bert: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(NotWritable, match="cannot be written"):
        post_train(tiny_bert, PAIRS, SETTINGS, tmp_path / "file" / "work")


def test_fewer_copies_than_teachers_are_an_error(whole: tuple[Path, PostTrained]) -> None:
    work, trained = whole
    assert last_copies(work, 1) == [trained.newest]
    with pytest.raises(BadRecipe, match="holds 2 copies of its encoder, not 4"):
        last_copies(work, 4)
