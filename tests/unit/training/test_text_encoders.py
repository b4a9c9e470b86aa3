"""Transformers in two parts, frozen and trained; adapters; poolings that see no padding."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn
from transformers import (
    AutoModel,
    DistilBertConfig,
    DistilBertModel,
    Gemma3TextConfig,
    Gemma3TextModel,
    GPT2Config,
    GPT2Model,
    ModernBertConfig,
    ModernBertModel,
    MPNetConfig,
    MPNetModel,
    PreTrainedModel,
    Qwen3Config,
    Qwen3Model,
    RobertaConfig,
    RobertaModel,
)

from training.data.features import Vocabularies
from training.errors import BadRecipe, UnusableEncoder
from training.export.from_recipe import merge_adapters
from training.models.build import build
from training.models.depth import depth, split
from training.models.news.encoder import NewsEncoder
from training.models.text import States, TextEncoder, Tokens, in_two
from training.quiet import quiet
from training.recipe import Recipe

FOLDERS = ["tiny_bert", "tiny_xlm_roberta", "tiny_llama"]
LEARNED = ["attention", "self_attention", "convolution", "cls_self_attention", "cls_convolution"]
POOLINGS = ["cls", "mean", "last_token", *LEARNED]
LAYERS = 2
SIZES = {
    "vocab_size": 90,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 40,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
GROUPED = SIZES | {"num_key_value_heads": 2, "head_dim": 8}
ARCHITECTURES: dict[str, Callable[[], PreTrainedModel]] = {
    "roberta": lambda: RobertaModel(RobertaConfig(**SIZES)),
    "mpnet": lambda: MPNetModel(MPNetConfig(**SIZES)),
    "distilbert": lambda: DistilBertModel(
        DistilBertConfig(vocab_size=90, dim=32, n_layers=3, n_heads=4, hidden_dim=48)
    ),
    "modernbert": lambda: ModernBertModel(
        ModernBertConfig(**SIZES, cls_token_id=1, sep_token_id=2, global_attn_every_n_layers=2)
    ),
    "qwen3": lambda: Qwen3Model(Qwen3Config(**GROUPED)),
    "gemma3": lambda: Gemma3TextModel(
        Gemma3TextConfig(**GROUPED, sliding_window=3, layer_types=KINDS_OF_ATTENTION)
    ),
}
KINDS_OF_ATTENTION = ["sliding_attention", "full_attention", "sliding_attention"]


def transformer_of(folder: Path) -> nn.Module:
    with quiet():
        model: nn.Module = AutoModel.from_pretrained(folder, attn_implementation="eager")
    return model.eval()


def tokens(*lengths: int, width: int = 0, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Token ids padded with zeros, and the mask."""
    width = max(*lengths, width, 1)
    ids_BT = torch.randint(
        5, 80, (len(lengths), width), generator=torch.Generator().manual_seed(seed)
    )
    mask_BT = (torch.arange(width) < torch.tensor(lengths).unsqueeze(1)).to(torch.int64)
    return ids_BT * mask_BT, mask_BT


def recipe_of(folder: Path | None, **changes: object) -> Recipe:
    encoder = {"kind": "transformer", "folder": folder, "trained_layers": 1}
    text: dict[str, object] = {"encoder": encoder, "dimension": 40, "max_tokens": 20}
    for name, value in changes.items():
        (encoder if name in ("trained_layers", "lora") else text)[name] = value
    return Recipe.model_validate(
        {"name": "tiny", "source": "a test", "text": text, "users": {"kind": "mean"}}
    )


def news_encoder(recipe: Recipe) -> NewsEncoder:
    return build(recipe, [], Vocabularies((), ()), readers=0)[0].news


def title_encoder(recipe: Recipe) -> TextEncoder:
    title = news_encoder(recipe).texts["title"]
    assert isinstance(title, TextEncoder)
    return title


def check_parts(transformer: nn.Module, trained: int) -> None:
    """The lower part and the upper one give what the whole does."""
    given = tokens(9, 5, 1)
    with torch.no_grad():
        whole_BTD = Tokens(transformer)(*given)
        lower, upper = split(transformer, trained)
        parts_BTD = States(upper)(Tokens(lower)(*given), given[1])
    shown_BT = given[1] == 1
    torch.testing.assert_close(parts_BTD[shown_BT], whole_BTD[shown_BT], atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("trained", range(LAYERS + 1))
@pytest.mark.parametrize("folder", FOLDERS)
def test_the_two_parts_give_what_the_whole_does(
    folder: str, trained: int, request: pytest.FixtureRequest
) -> None:
    check_parts(transformer_of(request.getfixturevalue(folder)), trained)


@pytest.mark.parametrize("trained", range(4))
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_so_they_do_for_the_kin_of_these(architecture: str, trained: int) -> None:
    torch.manual_seed(2)
    transformer = ARCHITECTURES[architecture]().eval()
    for parameter in transformer.parameters():  # a norm that runs twice must not go unnoticed
        parameter.data += 0.1 * torch.randn_like(parameter)
    assert depth(transformer) == 3
    check_parts(transformer, trained)


def test_the_parts_share_their_weights_with_the_whole_and_leave_it_as_it_is(
    tiny_bert: Path,
) -> None:
    transformer = transformer_of(tiny_bert)
    given, there = tokens(6, 3), {id(parameter) for parameter in transformer.parameters()}
    with torch.no_grad():
        before_BTD = Tokens(transformer)(*given)
        lower, upper = split(transformer, 1)
        assert torch.equal(Tokens(transformer)(*given), before_BTD)
    assert {id(parameter) for part in (lower, upper) for parameter in part.parameters()} <= there
    assert depth(transformer) == LAYERS
    assert (depth(lower), depth(upper)) == (1, 1)


@pytest.mark.parametrize("trained", [LAYERS + 1, -1])
def test_more_layers_than_there_are_cannot_be_trained(tiny_bert: Path, trained: int) -> None:
    with pytest.raises(UnusableEncoder, match=f"{trained} layers .* the encoder has {LAYERS}"):
        split(transformer_of(tiny_bert), trained)


def test_layers_that_are_elsewhere_are_not_found() -> None:
    other = GPT2Model(
        GPT2Config(vocab_size=90, n_embd=16, n_layer=1, n_head=2, bos_token_id=1, eos_token_id=2)
    )
    with pytest.raises(UnusableEncoder, match="the layers of a GPT2Model are not where"):
        split(other, 1)
    frozen, trained = in_two(other, 0)
    assert isinstance(frozen, Tokens)
    assert trained is None


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_frozen_does_not_learn(folder: str, request: pytest.FixtureRequest) -> None:
    encoder = news_encoder(recipe_of(request.getfixturevalue(folder))).train()
    title = encoder.texts["title"]
    assert isinstance(title, TextEncoder)
    assert title.frozen is not None
    assert title.trained is not None
    frozen = {name: p.clone() for name, p in title.frozen.named_parameters()}
    assert any("embed" in name for name in frozen)
    before = {id(p): p.detach().clone() for p in title.trained.parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=0.1, weight_decay=0.1)
    for seed in range(3):
        optimizer.zero_grad()
        encoder(*tokens(7, 4, seed=seed)).square().sum().backward()
        optimizer.step()
    for name, parameter in title.frozen.named_parameters():
        assert parameter.grad is None
        assert torch.equal(parameter, frozen[name]), name
    changed = [
        not torch.equal(p, before[id(p)]) for p in title.trained.parameters() if id(p) in before
    ]
    assert len(changed) >= 9  # the weights of a layer
    assert all(changed)


def test_nothing_drops_out_of_the_frozen_part(tiny_bert: Path) -> None:
    title, given = title_encoder(recipe_of(tiny_bert)), tokens(8, 3)
    for training in (True, False, True):
        title.train(training)
        assert title.frozen is not None
        assert title.trained is not None
        assert not any(module.training for module in title.frozen.modules())
        assert all(module.training == training for module in title.trained.modules())
        assert torch.equal(title.before(*given), title.before(*given))
    assert not torch.equal(title(*given), title(*given))


def test_without_trained_layers_only_the_head_learns(tiny_bert: Path) -> None:
    title = title_encoder(recipe_of(tiny_bert, trained_layers=0, pooling="attention"))
    learning = {name.partition(".")[0] for name, p in title.named_parameters() if p.requires_grad}
    assert learning == {"pool", "tail"}


def test_where_all_is_trained_the_embeddings_learn_too(tiny_bert: Path) -> None:
    title = title_encoder(recipe_of(tiny_bert, trained_layers=None))
    assert title.frozen is None
    assert all(parameter.requires_grad for parameter in title.parameters())
    title(*tokens(6, 3)).sum().backward()
    assert all(parameter.grad is not None for parameter in title.parameters())


@pytest.mark.parametrize("pooling", ["cls", "cls_self_attention"])
def test_a_causal_models_first_token_is_refused(tiny_llama: Path, pooling: str) -> None:
    with pytest.raises(BadRecipe, match="first token has read nothing else"):
        title_encoder(recipe_of(tiny_llama, pooling=pooling))


LORA = {"rank": 4, "alpha": 8}


@pytest.mark.parametrize(("folder", "targets"), [("tiny_bert", 3), ("tiny_llama", 3)])
def test_with_lora_the_adapters_and_the_head_learn_and_nothing_else(
    folder: str, targets: int, request: pytest.FixtureRequest
) -> None:
    title = title_encoder(recipe_of(request.getfixturevalue(folder), lora=LORA))
    learning = [name for name, p in title.named_parameters() if p.requires_grad]
    assert title.trained is not None
    of_trained = [name for name in learning if name.startswith("trained.")]
    assert len(of_trained) == 2 * targets  # an A and a B for each
    assert all("lora_" in name for name in of_trained)
    head = {id(p) for part in (title.pool, title.tail) for p in part.parameters()}
    others = [p for name, p in title.named_parameters() if p.requires_grad and "lora_" not in name]
    assert {id(parameter) for parameter in others} == head


@pytest.mark.parametrize(("rank_stabilised", "scale"), [(True, 4.0), (False, 1.0)])
def test_what_adapters_add_is_scaled_by_alpha_over_the_root_of_the_rank_or_over_the_rank(
    tiny_bert: Path, rank_stabilised: bool, scale: float
) -> None:
    lora = {"rank": 16, "alpha": 16, "rank_stabilised": rank_stabilised}
    title = title_encoder(recipe_of(tiny_bert, trained_layers=None, lora=lora))
    adapters = [module for module in title.modules() if isinstance(module, LoraLayer)]
    assert {of_one for adapter in adapters for of_one in adapter.scaling.values()} == {scale}


@pytest.mark.parametrize("rank_stabilised", [True, False])
@pytest.mark.parametrize("layers", [1, None])
@torch.no_grad()
def test_merging_the_adapters_leaves_the_vectors_as_they_are(
    tiny_bert: Path, layers: int | None, rank_stabilised: bool
) -> None:
    lora = LORA | {"rank_stabilised": rank_stabilised}
    encoder = news_encoder(recipe_of(tiny_bert, trained_layers=layers, lora=lora)).eval()
    given = tokens(9, 4, 1)
    fresh_BD = encoder(*given)
    for name, parameter in encoder.named_parameters():
        if "lora_" in name:
            nn.init.normal_(parameter, std=0.3)
    learned_BD = encoder(*given)
    assert not torch.allclose(learned_BD, fresh_BD, atol=1e-2)
    merge_adapters(encoder)
    assert not any("lora_" in name for name, _ in encoder.named_parameters())
    torch.testing.assert_close(encoder(*given), learned_BD, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lora": {"targets": ["w_q"]}}, "w_q match no linear layer; there are dense, key, query"),
        ({"lora": LORA, "trained_layers": 0}, "adapters need trained layers"),
        ({"max_tokens": 81}, "reads at most 80 tokens, not 81"),
        ({"abstract_max_tokens": 99}, "reads at most 80 tokens, not 99"),
        ({"residual": True}, "set text.dimension to null"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    tiny_bert: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(BadRecipe, match=message):
        news_encoder(recipe_of(tiny_bert, **changes))


def test_positions_that_begin_behind_the_padding_leave_fewer_tokens(
    tiny_xlm_roberta: Path,
) -> None:
    news_encoder(recipe_of(tiny_xlm_roberta, max_tokens=78))(*tokens(78))
    with pytest.raises(BadRecipe, match="reads at most 78 tokens, not 79"):
        news_encoder(recipe_of(tiny_xlm_roberta, max_tokens=79))


def test_a_missing_folder_is_named() -> None:
    with pytest.raises(BadRecipe, match=r"text\.encoder\.folder: say which Hugging Face folder"):
        news_encoder(recipe_of(None))


def test_heads_that_do_not_divide_are_refused(tiny_bert: Path) -> None:
    document = recipe_of(tiny_bert).model_dump(mode="json")
    recipe = Recipe.model_validate(document | {"users": {"kind": "nrms", "heads": 7}})
    with pytest.raises(BadRecipe, match="7 heads do not divide vectors of 40 dimensions"):
        news_encoder(recipe)


@pytest.mark.parametrize("layers", [0, 1, None])
@pytest.mark.parametrize(
    ("folder", "pooling"),
    [
        (folder, pooling)
        for folder in FOLDERS
        for pooling in POOLINGS
        if folder != "tiny_llama" or not pooling.startswith("cls")  # that is refused
    ],
)
@torch.no_grad()
def test_padding_does_not_change_a_texts_vector(
    pooling: str, layers: int | None, folder: str, request: pytest.FixtureRequest
) -> None:
    recipe = recipe_of(request.getfixturevalue(folder), pooling=pooling, trained_layers=layers)
    title = title_encoder(recipe).eval()
    lengths = (9, 4, 1, 0)
    ids_BT, mask_BT = tokens(*lengths, width=15)
    together_BD = title(ids_BT, mask_BT)
    alone = [
        title(ids_BT[[row], : max(length, 1)], mask_BT[[row], : max(length, 1)])
        for row, length in enumerate(lengths)
    ]
    torch.testing.assert_close(together_BD, torch.cat(alone), atol=2e-6, rtol=1e-5)
    assert together_BD.isfinite().all()


@pytest.mark.parametrize("pooling", POOLINGS)
@torch.no_grad()
def test_what_stands_behind_a_text_does_not_change_its_vector(
    tiny_bert: Path, pooling: str
) -> None:
    title = title_encoder(recipe_of(tiny_bert, pooling=pooling)).eval()
    ids_BT, mask_BT = tokens(6, 3)
    states_BTD = title.before(ids_BT, mask_BT)
    garbage_BTD = torch.where(mask_BT.unsqueeze(-1) == 1, states_BTD, 50 * torch.ones(()))
    expected_BD = title.after(states_BTD, mask_BT)
    torch.testing.assert_close(title.after(garbage_BTD, mask_BT), expected_BD, atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize(
    ("changes", "dimension"),
    [
        ({"dimension": 40}, 40),
        ({"dimension": None}, 64),
        ({"dimension": None, "residual": True}, 64),
        ({"dimension": 50, "pooling": "self_attention"}, 40),
        ({"dimension": 50, "pooling": "convolution"}, 50),
        ({"dimension": 50, "pooling": "cls_self_attention"}, 40),
        ({"dimension": 50, "pooling": "cls_convolution"}, 50),
    ],
)
@torch.no_grad()
def test_the_dimension_is_the_one_that_is_stated(
    tiny_bert: Path, changes: dict[str, object], dimension: int
) -> None:
    title = title_encoder(recipe_of(tiny_bert, **changes))
    assert title.dimension == title(*tokens(5, 2)).shape[1] == dimension


@torch.no_grad()
def test_a_residual_layer_changes_nothing_at_first(tiny_bert: Path) -> None:
    plain: dict[str, object] = {"dimension": None, "pooling": "mean", "trained_layers": 0}
    given = tokens(5, 2)
    expected_BD = title_encoder(recipe_of(tiny_bert, **plain))(*given)
    residual = title_encoder(recipe_of(tiny_bert, **plain, residual=True)).train()
    torch.testing.assert_close(residual(*given), expected_BD)
