"""One contract that every user encoder keeps, and what each promises beyond it."""

import numpy as np
import pytest
import torch
from torch import Tensor

from model_store.late_fusion import FUSIONS, FusionName, relevance
from tests.unit.training.small_logs import log_of, seen
from training.errors import BadRecipe
from training.examples import ReaderCodes
from training.models.build import USERS
from training.models.news.encoder import NewsEncoder
from training.models.recommender import Recommender
from training.models.users.additive import Inclined
from training.models.users.encoder import Summed, UserEncoder
from training.models.users.late_fusion import Max, Mean
from training.models.users.lstur import LsturCon, LsturIni
from training.models.users.nrms import Nrms
from training.recipe import Users

DIMENSION = 12
LENGTHS = (3, 0, 6, 1, 4)
GARBAGE = 100
KINDS = sorted(USERS)


def encoder_of(kind: str) -> UserEncoder:
    torch.manual_seed(11)
    settings = Users.model_validate({"kind": kind, "heads": 4})
    encoder = USERS[kind](DIMENSION, settings).eval()
    for name, parameter in encoder.named_parameters():
        if name == "inclination_D" or "query" in name:  # Inclined starts at nothing
            torch.nn.init.normal_(parameter)
    return encoder


def readers(*lengths: int, padding: int = 0) -> tuple[Tensor, Tensor]:
    """Histories with garbage behind them, and their mask; a reader's clicks hang on its place."""
    width = max(lengths) + padding
    history_BHD = GARBAGE * torch.randn(len(lengths), width, DIMENSION)
    mask_BH = (torch.arange(width) < torch.tensor(lengths).unsqueeze(1)).to(torch.int64)
    for reader, length in enumerate(lengths):
        random = torch.Generator().manual_seed(reader)
        history_BHD[reader, :length] = torch.randn(length, DIMENSION, generator=random)
    return history_BHD, mask_BH


def long_term_of(encoder: UserEncoder, count: int) -> Tensor | None:
    random = torch.Generator().manual_seed(4)
    size = encoder.long_term_dimension
    return torch.randn(count, size, generator=random) if size else None


def candidates(count: int = 5) -> Tensor:
    return torch.randn(count, 3, DIMENSION, generator=torch.Generator().manual_seed(6))


@pytest.fixture(params=KINDS)
def encoder(request: pytest.FixtureRequest) -> UserEncoder:
    return encoder_of(request.param)


def test_every_kind_of_the_recipes_is_tried() -> None:
    annotation = Users.model_fields["kind"].annotation
    assert set(KINDS) == set(annotation.__args__)  # type: ignore[union-attr]


@pytest.mark.parametrize("padding", [0, 1, 7])
@torch.no_grad()
def test_a_score_hangs_on_nobody_else_in_the_batch_and_on_no_padding(
    encoder: UserEncoder, padding: int
) -> None:
    history_BHD, mask_BH = readers(*LENGTHS, padding=padding)
    long_term_BL, candidates_BCD = long_term_of(encoder, len(LENGTHS)), candidates()
    together_BC = encoder.scores(candidates_BCD, history_BHD, mask_BH, long_term_BL)
    for reader, length in enumerate(LENGTHS):
        one = slice(reader, reader + 1)
        width = max(length, 1)
        alone_1C = encoder.scores(
            candidates_BCD[one],
            history_BHD[one, :width],
            mask_BH[one, :width],
            None if long_term_BL is None else long_term_BL[one],
        )
        torch.testing.assert_close(together_BC[one], alone_1C, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_a_candidates_score_hangs_on_no_other_candidate(encoder: UserEncoder) -> None:
    history_BHD, mask_BH = readers(*LENGTHS)
    long_term_BL, candidates_BCD = long_term_of(encoder, len(LENGTHS)), candidates()
    all_BC = encoder.scores(candidates_BCD, history_BHD, mask_BH, long_term_BL)
    one_B1 = encoder.scores(candidates_BCD[:, 1:2], history_BHD, mask_BH, long_term_BL)
    torch.testing.assert_close(all_BC[:, 1:2], one_B1, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_the_terms_sum_to_the_vector(encoder: UserEncoder) -> None:
    history_BHD, mask_BH = readers(*LENGTHS)
    if not isinstance(encoder, Summed):  # of LSTUR and of late fusion by max there are none
        assert not hasattr(encoder, "terms")
        return
    terms_BHD = encoder.terms(history_BHD, mask_BH)
    torch.testing.assert_close(terms_BHD.sum(dim=1), encoder(history_BHD, mask_BH, None))
    assert not terms_BHD[mask_BH == 0].any()


@torch.no_grad()
def test_an_empty_history_scores_zero_without_a_long_term_vector(encoder: UserEncoder) -> None:
    history_BHD, mask_BH = readers(0, 0, padding=3)
    size = encoder.long_term_dimension
    long_term_BL = torch.zeros(2, size) if size else None
    scores_BC = encoder.scores(candidates(2), history_BHD, mask_BH, long_term_BL)
    assert not scores_BC.any()


def test_a_gradient_is_a_number_even_for_an_empty_history(encoder: UserEncoder) -> None:
    history_BHD, mask_BH = readers(0, 2, padding=1)
    long_term_BL, history_BHD = long_term_of(encoder, 2), history_BHD.requires_grad_()
    encoder.scores(candidates(2), history_BHD, mask_BH, long_term_BL).sum().backward()
    learned = [history_BHD.grad, *(parameter.grad for parameter in encoder.parameters())]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in learned)
    assert history_BHD.grad is not None
    assert not history_BHD.grad[mask_BH == 0].any()


@pytest.mark.parametrize("name", sorted(FUSIONS))
@torch.no_grad()
def test_late_fusion_scores_as_it_is_served(name: FusionName) -> None:
    rng = np.random.default_rng(2)
    vectors_ND = rng.normal(size=(40, 64))
    vectors_ND = (vectors_ND / np.linalg.norm(vectors_ND, axis=1, keepdims=True)).astype(np.float16)
    candidates_CD, lengths = vectors_ND[:8], (1, 2, 7, 20)
    mask_BH = (torch.arange(20) < torch.tensor(lengths).unsqueeze(1)).to(torch.int64)
    history_BHD = torch.zeros(len(lengths), 20, 64)
    for reader, length in enumerate(lengths):
        history_BHD[reader, :length] = torch.from_numpy(vectors_ND[8 : 8 + length]).float()
    candidates_BCD = torch.from_numpy(candidates_CD).float().expand(len(lengths), -1, -1)
    encoder = USERS[name](64, Users.model_validate({"kind": name}))
    scores_BC = encoder.scores(candidates_BCD, history_BHD, mask_BH, None)
    for reader, length in enumerate(lengths):
        queries_QD = FUSIONS[name].queries(vectors_ND[8 : 8 + length])
        served_C = relevance(candidates_CD, queries_QD)
        assert scores_BC[reader].numpy() == pytest.approx(served_C, abs=1e-3)


def test_by_recency_the_newest_click_weighs_most() -> None:
    history_BHD = torch.eye(3).unsqueeze(0)  # the oldest first
    weights = USERS["recency"](3, Users(kind="recency"))(history_BHD, torch.ones(1, 3), None)[0]
    total = 0.81 + 0.9 + 1
    assert weights.tolist() == pytest.approx([0.81 / total, 0.9 / total, 1 / total])


@torch.no_grad()
def test_the_nearest_click_counts_however_far_it_is_and_however_near_padding_seems() -> None:
    history_BHD = torch.tensor([[[-3e4], [-2e4], [5e4]]])
    scores_BC = Max().scores(torch.ones(1, 1, 1), history_BHD, torch.tensor([[1, 1, 0]]), None)
    assert scores_BC.tolist() == [[-2e4]]


def test_nrms_refuses_heads_that_do_not_divide_its_vectors() -> None:
    with pytest.raises(BadRecipe, match="5 heads do not divide vectors of 12 dimensions"):
        Nrms(DIMENSION, 5, 0.0)


def test_nrms_drops_out_in_training_alone() -> None:
    encoder, given = Nrms(DIMENSION, 4, 0.5), (*readers(4), None)
    assert not torch.equal(encoder(*given), encoder(*given))
    encoder.eval()
    assert torch.equal(encoder(*given), encoder(*given))


@torch.no_grad()
def test_inclined_starts_as_the_mean() -> None:
    torch.manual_seed(1)
    fresh, given = Inclined(DIMENSION), (*readers(*LENGTHS, padding=2), None)
    torch.testing.assert_close(fresh(*given), Mean()(*given), atol=1e-6, rtol=0)


@torch.no_grad()
def test_an_inclination_is_added_once_however_many_the_clicks() -> None:
    encoder = Inclined(DIMENSION)
    given = (*readers(*LENGTHS), None)
    before_BD = encoder(*given)
    encoder.inclination_D.fill_(2.0)
    added_BD = encoder(*given) - before_BD
    expected_BD = torch.tensor([2.0 if length else 0.0 for length in LENGTHS]).unsqueeze(1)
    torch.testing.assert_close(added_BD, expected_BD.expand(-1, DIMENSION), atol=1e-5, rtol=0)


@torch.no_grad()
def test_lstur_ini_reads_the_clicks_and_not_the_padding() -> None:
    encoder = LsturIni(DIMENSION)
    (history_BHD, mask_BH), long_term_BL = readers(*LENGTHS, padding=3), torch.randn(5, DIMENSION)
    vectors_BD = encoder(history_BHD, mask_BH, long_term_BL)
    for reader, length in enumerate(LENGTHS):
        start_1L = long_term_BL[reader : reader + 1]
        if not length:
            assert torch.equal(vectors_BD[reader], start_1L[0])
            continue
        _, last_1L = encoder.gru(history_BHD[reader, :length], start_1L)
        torch.testing.assert_close(vectors_BD[reader], last_1L[0], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_lstur_con_puts_the_readers_own_vector_behind_what_the_gru_read() -> None:
    encoder = LsturCon(DIMENSION)
    (history_BHD, mask_BH), half = readers(*LENGTHS, padding=3), DIMENSION // 2
    long_term_BL = torch.randn(5, half)
    vectors_BD = encoder(history_BHD, mask_BH, long_term_BL)
    assert torch.equal(vectors_BD[:, half:], long_term_BL)
    for reader, length in enumerate(LENGTHS):
        last_L = torch.zeros(half)
        if length:
            last_L = encoder.gru(history_BHD[reader, :length])[1][0]
        torch.testing.assert_close(vectors_BD[reader, :half], last_L, atol=1e-5, rtol=1e-5)


def test_lstur_con_refuses_vectors_that_cannot_be_halved() -> None:
    with pytest.raises(BadRecipe, match="13 dimensions are odd"):
        LsturCon(13)


@torch.no_grad()
def test_the_order_of_the_clicks_counts_for_lstur() -> None:
    encoder, start_BL = LsturIni(DIMENSION), torch.zeros(1, DIMENSION)
    history_BHD, mask_BH = readers(4)
    turned_BD = encoder(history_BHD.flip(1), mask_BH, start_BL)
    assert not torch.allclose(turned_BD, encoder(history_BHD, mask_BH, start_BL))


@pytest.fixture(params=[LsturIni, LsturCon])
def with_readers(request: pytest.FixtureRequest) -> Recommender:
    torch.manual_seed(8)
    return Recommender(NewsEncoder({}, DIMENSION), request.param(DIMENSION), readers=3)


def long_term(recommender: Recommender, readers_B: Tensor) -> Tensor:
    vectors_BL = recommender.long_term_of(readers_B)
    assert vectors_BL is not None
    return vectors_BL


def test_long_term_vectors_start_at_zero(with_readers: Recommender) -> None:
    assert not long_term(with_readers.eval(), torch.arange(4)).any()


def test_an_unseen_reader_has_a_long_term_vector_of_zero_even_after_training(
    with_readers: Recommender,
) -> None:
    log = log_of(*(seen({"a": 1}, user=user) for user in ("ann", "bob", "cyd")))
    codes = ReaderCodes.of(log).codes(["nobody", "ann", "cyd"])
    assert codes.tolist() == [0, 1, 3]
    history_BHD, mask_BH = readers(2, 2, 2)
    optimizer = torch.optim.AdamW(with_readers.parameters(), lr=0.1, weight_decay=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        own_BL = long_term(with_readers, torch.from_numpy(codes))
        with_readers.users(history_BHD, mask_BH, own_BL).sum().backward()
        optimizer.step()
    vectors_BL = long_term(with_readers.eval(), torch.from_numpy(codes))
    assert [bool(vector_L.any()) for vector_L in vectors_BL] == [False, True, True]


@torch.no_grad()
def test_a_long_term_vector_is_hidden_whole_about_half_of_the_time_in_training(
    with_readers: Recommender,
) -> None:
    assert with_readers.long_term is not None
    with_readers.long_term.weight[1:] = 3.0
    seen_BL = long_term(with_readers.train(), torch.ones(4000, dtype=torch.int64))
    assert set(seen_BL.unique().tolist()) == {0.0, 3.0}
    assert torch.equal(seen_BL.amin(dim=1), seen_BL.amax(dim=1))
    assert 0.45 < float((seen_BL[:, 0] > 0).float().mean()) < 0.55
    assert (long_term(with_readers.eval(), torch.ones(50, dtype=torch.int64)) == 3).all()


def test_others_have_no_long_term_vectors() -> None:
    recommender = Recommender(NewsEncoder({}, DIMENSION), Mean(), readers=3)
    assert recommender.long_term_of(torch.arange(2)) is None
