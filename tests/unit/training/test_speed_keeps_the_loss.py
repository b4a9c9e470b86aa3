"""Encoding each news item once, in buckets, from kept states, changes nothing that is learned."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.unit.training.conftest import Prepared, prepare, titled_log
from training import encoding
from training.data.impressions import ImpressionLog
from training.encoding import keep
from training.examples import Examples, batch_of, of_impressions
from training.models import recommender as of_recommender
from training.models.centring import centre
from training.models.text import TextEncoder
from training.objective import nce
from training.recipe import Recipe

MAX_TOKENS = {"title": 14, "abstract": 20}
TEMPERATURE = 0.5
LAYERS: list[int | None] = [0, 1, None]
POOLINGS = ["mean", "attention", "self_attention", "convolution"]
NEWS = ["title", "naml", "lstur"]
USERS = ["nrms", "additive", "lstur_ini"]
CASES = [
    (*case, USERS[(number + number // 3) % 3])
    for number, case in enumerate(product(LAYERS, POOLINGS, NEWS))
]
"""Every depth with every pooling and news encoder; every news encoder with every user encoder."""


@pytest.fixture(autouse=True)
def no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers' own vectors are never hidden, and the few news make several buckets."""
    monkeypatch.setattr(of_recommender, "LONG_TERM_HIDDEN", 0.0)
    monkeypatch.setattr(encoding, "BUCKET", 5)


def recipe_of(
    folder: Path, layers: int | None, pooling: str, news: str, users: str, **text: object
) -> Recipe:
    encoder = {"kind": "transformer", "folder": folder, "trained_layers": layers}
    lengths = {"max_tokens": MAX_TOKENS["title"], "abstract_max_tokens": MAX_TOKENS["abstract"]}
    shape = {"encoder": encoder, "pooling": pooling, "dimension": 40, "dropout": 0, **lengths}
    return Recipe.model_validate(
        {
            "name": "tiny",
            "source": "a test",
            "text": shape | text,
            "news": news,
            "users": {"kind": users, "heads": 4, "dropout": 0},
        }
    )


def ready(recipe: Recipe, log: ImpressionLog, cache: Path | None = None) -> Prepared:
    """In training, where nothing drops out, and readers have vectors of their own."""
    prepared = prepare(recipe, log, cache)
    model = prepared.recommender.train()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    if model.long_term is not None:
        nn.init.normal_(model.long_term.weight[1:], generator=torch.Generator().manual_seed(9))
    return prepared


def padded_inputs(prepared: Prepared, rows: list[int]) -> list[Tensor]:
    """What the news encoder reads of some rows, every text padded to its full length."""
    inputs, features = [], prepared.features
    for name, table in features.texts.items():
        ids_BT = torch.zeros(len(rows), MAX_TOKENS[name], dtype=torch.int64)
        mask_BT = torch.zeros_like(ids_BT)
        for place, row in enumerate(rows):
            length = int(table.lengths_N[row])
            ids_BT[place, :length] = torch.tensor(table.ids_NT[row, :length])
            mask_BT[place, :length] = 1
        inputs += [ids_BT, mask_BT]
    if prepared.recommender.news.reads_categories:
        inputs += [torch.from_numpy(codes_N[rows]) for codes_N in features.codes.values()]
    return inputs


def plain_loss(prepared: Prepared, examples: Examples) -> Tensor:
    """Each example alone: every title of its history and its candidates is encoded anew."""
    model, losses = prepared.recommender, []
    for place in range(len(examples)):
        clicks = examples.history[place].tolist()
        shown = examples.candidates_EC[place].tolist()
        vectors_XD = model.news(*padded_inputs(prepared, clicks + shown))
        history_HD, candidates_CD = vectors_XD[: len(clicks)], vectors_XD[len(clicks) :]
        mask_1H = torch.ones(1, len(clicks))
        if not clicks:
            history_HD, mask_1H = torch.zeros(1, vectors_XD.shape[1]), torch.zeros(1, 1)
        own_L = None
        if model.long_term is not None:
            own_L = model.long_term.weight[int(examples.readers_E[place])].unsqueeze(0)
        scores_C = model.users.scores(
            candidates_CD.unsqueeze(0), history_HD.unsqueeze(0), mask_1H, own_L
        )[0]
        losses.append(torch.logsumexp(scores_C / TEMPERATURE, 0) - scores_C[0] / TEMPERATURE)
    return torch.stack(losses).mean()


def gradients(prepared: Prepared, loss: Tensor) -> dict[str, Tensor]:
    learned = {n: p for n, p in prepared.recommender.named_parameters() if p.requires_grad}
    found = torch.autograd.grad(loss, list(learned.values()), allow_unused=True)
    return {
        name: torch.zeros_like(parameter) if gradient is None else gradient
        for (name, parameter), gradient in zip(learned.items(), found, strict=True)
    }


def examples_of(prepared: Prepared, log: ImpressionLog) -> Examples:
    return of_impressions(log, prepared.readers, 3, 5, np.random.default_rng(1))


def check_same(prepared: Prepared, log: ImpressionLog) -> None:
    examples = examples_of(prepared, log)
    batch = batch_of(examples, prepared.kept)
    assert max(len(buckets) for buckets in batch.news.buckets.values()) > 1 or _vectors(prepared)
    fast = nce(prepared.recommender(batch), TEMPERATURE)
    plain = plain_loss(prepared, examples)
    assert fast.item() == pytest.approx(plain.item(), abs=1e-5)
    of_fast, of_plain = gradients(prepared, fast), gradients(prepared, plain)
    assert any(gradient.abs().max() > 1e-3 for gradient in of_plain.values())
    for name, gradient in of_plain.items():
        difference = float((of_fast[name] - gradient).abs().max())
        assert difference < 1e-5 * max(1, float(gradient.abs().max())), name


def _vectors(prepared: Prepared) -> bool:
    return all(text.kept == "vectors" for _, text in prepared.recommender.news.text_encoders())


def test_all_pairs_of_news_and_user_encoders_are_tried() -> None:
    assert {(news, users) for *_, news, users in CASES} == set(product(NEWS, USERS))


@pytest.mark.parametrize(("layers", "pooling", "news", "users"), CASES)
def test_the_loss_and_its_gradients_are_those_of_the_plain_way(
    tiny_bert: Path, tmp_path: Path, layers: int | None, pooling: str, news: str, users: str
) -> None:
    log = titled_log()
    recipe = recipe_of(tiny_bert, layers, pooling, news, users)
    check_same(ready(recipe, log, tmp_path), log)


@pytest.mark.parametrize("encoder", ["tiny_xlm_roberta", "tiny_llama"])
def test_so_they_are_for_other_architectures(encoder: str, request: pytest.FixtureRequest) -> None:
    log = titled_log()
    recipe = recipe_of(request.getfixturevalue(encoder), 1, "attention", "title", "nrms")
    check_same(ready(recipe, log), log)


@pytest.mark.parametrize("layers", [0, 1])
def test_so_they_are_with_centring(tiny_bert: Path, layers: int) -> None:
    log = titled_log()
    shape: dict[str, object] = {"centred": True, "dimension": None, "residual": True}
    recipe = recipe_of(tiny_bert, layers, "mean", "title", "inclined", **shape)
    prepared = ready(recipe, log)
    titled = np.flatnonzero(prepared.features.texts["title"].lengths_N)
    centre(prepared.recommender.news, prepared.kept, titled)
    prepared.recommender.train()
    check_same(prepared, log)


def test_so_they_are_over_word_vectors() -> None:
    log = titled_log()
    words: dict[str, object] = {"encoder": {"kind": "words", "dimension": 24}}
    recipe = recipe_of(Path(), None, "self_attention", "naml", "nrms", **words)
    check_same(ready(recipe, log), log)


@pytest.mark.parametrize(
    ("layers", "pooling", "kept"),
    [
        (0, "mean", "vectors"),
        (0, "attention", "states"),
        (1, "mean", "states"),
        (None, "mean", "tokens"),
    ],
)
def test_what_stays_the_same_is_kept(
    tiny_bert: Path, layers: int | None, pooling: str, kept: str
) -> None:
    prepared = prepare(recipe_of(tiny_bert, layers, pooling, "title", "mean"), titled_log())
    (text,) = prepared.recommender.news.texts.values()
    assert isinstance(text, TextEncoder)
    assert text.kept == kept


def test_each_news_item_of_a_batch_is_encoded_once(
    tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = titled_log()
    prepared = ready(recipe_of(tiny_bert, 1, "mean", "title", "additive"), log)
    batch = batch_of(examples_of(prepared, log), prepared.kept)
    walked: list[int] = []
    (text,) = prepared.recommender.news.texts.values()
    text.register_forward_pre_hook(lambda *_: pytest.fail("the frozen part is walked again"))
    assert isinstance(text, TextEncoder)
    assert text.trained is not None
    text.trained.register_forward_pre_hook(lambda _, given: walked.append(len(given[0])))
    prepared.recommender(batch)
    assert sum(walked) == len(log.seen())


def test_texts_of_like_length_stand_in_one_bucket(tiny_bert: Path) -> None:
    log = titled_log()
    prepared = ready(recipe_of(tiny_bert, 1, "mean", "title", "additive"), log)
    buckets = prepared.kept.batch(log.seen()).buckets["title"]
    widths = [bucket.mask_BT.shape[1] for bucket in buckets]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]
    for bucket in buckets:
        assert bucket.mask_BT.shape[1] == max(1, int(bucket.mask_BT.sum(dim=1).max()))


def test_the_next_run_takes_over_what_is_kept_and_centring_leaves_the_file_as_it_is(
    tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = titled_log()
    recipe = recipe_of(tiny_bert, 0, "mean", "title", "mean", centred=True, dimension=None)
    first = prepare(recipe, log, tmp_path).kept.texts["title"].values
    again = prepare(recipe, log, tmp_path)
    assert first is not None
    before_ND = first.copy()
    centre(again.recommender.news, again.kept, log.seen())
    moved_ND = again.kept.texts["title"].values
    assert moved_ND is not None
    assert not np.allclose(moved_ND, before_ND)
    monkeypatch.setattr(encoding, "_walk", lambda *_: pytest.fail("walked once more"))
    taken_over = prepare(recipe, log, tmp_path).kept.texts["title"].values
    np.testing.assert_array_equal(taken_over, before_ND)


def test_what_is_kept_about_another_centre_is_not_taken_over(
    tiny_bert: Path, tmp_path: Path
) -> None:
    log = titled_log()
    recipe = recipe_of(tiny_bert, 0, "mean", "title", "mean", centred=True, dimension=None)
    prepared, rows = prepare(recipe, log, tmp_path), np.arange(len(log.news))
    encoder = prepared.recommender.news
    centre(encoder, prepared.kept, rows)  # what it gives from now on is not what lies in the file
    in_memory = keep(encoder, prepared.features, rows).texts["title"].values
    in_file = keep(encoder, prepared.features, rows, cache=tmp_path).texts["title"].values
    assert in_memory is not None
    np.testing.assert_array_equal(in_file, in_memory)


@pytest.mark.parametrize("layers", [0, 1])
@pytest.mark.parametrize("pooling", ["cls", "last_token", "attention"])
def test_what_is_kept_for_another_pooling_is_not_taken_over(
    tiny_bert: Path, tmp_path: Path, layers: int, pooling: str
) -> None:
    log = titled_log()
    prepare(recipe_of(tiny_bert, layers, "mean", "title", "mean"), log, tmp_path)
    recipe = recipe_of(tiny_bert, layers, pooling, "title", "mean")
    in_memory, in_file = prepare(recipe, log), prepare(recipe, log, tmp_path)
    expected, found = (p.kept.texts["title"].values for p in (in_memory, in_file))
    np.testing.assert_array_equal(expected, found)
