"""The decoder: the encoder's layers over again, beside one vector and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import BertLMHeadModel, XLMRobertaForCausalLM

from tests.unit.training.adaptation.conftest import CPU, LINES, fresh
from tests.unit.training.slopes import check_slope
from training.adaptation import packed as packing
from training.adaptation.decoder import Autoencoder, Batch, batch_of
from training.adaptation.packed import packed
from training.adaptation.whole import WholeEncoder
from training.encoders.pooling import POOLINGS
from training.encoders.sentence_encoder import padded
from training.quiet import quiet

Both = tuple[WholeEncoder, Autoencoder]


@pytest.fixture(params=["tiny_bert", "tiny_xlm_roberta"])
def folder(request: pytest.FixtureRequest) -> Path:
    found: Path = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def both(folder: Path) -> Both:
    return fresh(folder)


def noisy(lines: list[str]) -> list[str]:
    return [" ".join(line.split()[::2]) for line in lines]


def batch(whole: WholeEncoder, lines: list[str]) -> Batch:
    """Noisy lines, and the lines."""
    return batch_of(whole.read(noisy(lines)), whole.told(lines))


def logits(model: Autoencoder, vectors: Tensor, ids: Tensor) -> Tensor:
    """Of texts of one length (B×T×V)."""
    decoder = model.decoder
    states = decoder.states(vectors, packed(ids.tolist()))
    found = decoder.head(states) @ decoder.table.T + decoder.head.bias
    return found.view(*ids.shape, -1)


def test_a_texts_vector_is_the_encoders(both: Both) -> None:
    whole, model = both
    model.double()
    read = whole.read(LINES[:13])
    with torch.inference_mode():
        found, expected = model.vectors(packed(read)), model.encoder(*padded(read, CPU))
        assert torch.allclose(found, expected, atol=1e-10)


def test_its_logits_are_those_of_the_architectures_own_decoder(both: Both) -> None:
    """transformers' decoder with cross-attention, queries and keys at random, all else ours."""
    whole, model = both
    model.double()
    reference = _reference(model).double().eval()
    ids, mask = padded([line for line in whole.told(LINES[:5]) if len(line) > 4], CPU)
    ids, mask = ids[:, :5], mask[:, :5]
    vectors = vector(len(ids))
    with torch.inference_mode():
        expected = reference(input_ids=ids, encoder_hidden_states=vectors.unsqueeze(1)).logits
        assert torch.allclose(logits(model, vectors, ids), expected, atol=1e-8)


def vector(count: int = 1) -> Tensor:
    """Random ones, in float64 so that no machine's rounding matters."""
    random = torch.Generator().manual_seed(1)
    return torch.randn(count, 64, generator=random, dtype=torch.float64)


def _reference(model: Autoencoder) -> Any:
    transformer: Any = model.encoder.transformer
    config = type(transformer.config).from_dict(transformer.config.to_dict())
    config.is_decoder = config.add_cross_attention = True
    bert = config.model_type == "bert"
    with quiet():
        reference: Any = (BertLMHeadModel if bert else XLMRobertaForCausalLM)(config)
    base = reference.bert if bert else reference.roberta
    base.load_state_dict(transformer.state_dict(), strict=False)
    for layer, ours in zip(base.encoder.layer, model.decoder.crossings, strict=True):
        crossing: Any = ours
        layer.crossattention.self.value.load_state_dict(crossing.value.state_dict())
        layer.crossattention.output.dense.load_state_dict(crossing.output.state_dict())
        layer.crossattention.output.LayerNorm.load_state_dict(crossing.norm.state_dict())
    head = reference.cls.predictions if bert else reference.lm_head
    transform = head.transform if bert else head
    transform.dense.load_state_dict(model.decoder.head.dense.state_dict())
    norm = transform.LayerNorm if bert else transform.layer_norm
    norm.load_state_dict(model.decoder.head.norm.state_dict())
    return reference


@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_it_attends_to_nothing_but_the_one_vector(both: Both, pooling: str) -> None:
    whole, model = both
    pool: Callable[[Tensor, Tensor], Tensor] = POOLINGS[pooling]  # type: ignore[index]

    def of_others(states_BTD: Tensor, mask_BT: Tensor) -> Tensor:
        return pool(torch.cat([states_BTD[:, :1], states_BTD[:, 1:] + 7], dim=1), mask_BT)

    given, losses = batch(whole, LINES[:5]), []
    with torch.inference_mode():
        for model.encoder.pool in (pool, of_others):
            losses.append(model(given))
    loss, changed = losses
    # By its first token the vector stays as it is; as the mean of all tokens it does not.
    assert (loss == changed) == (pooling == "cls")


def test_no_earlier_logit_changes_with_a_later_token(both: Both) -> None:
    whole, model = both
    model.double()
    ids, vectors = torch.tensor(whole.told(LINES[:1])), vector()
    with torch.inference_mode():
        before = logits(model, vectors, ids)
        for place in range(1, ids.shape[1]):
            other = ids.clone()
            other[0, place] = (other[0, place] + 11) % 200
            after = logits(model, vectors, other)
            assert torch.allclose(after[:, :place], before[:, :place], atol=1e-10)
            assert not torch.allclose(after[:, place], before[:, place], atol=1e-4)


def test_what_is_tied_is_the_very_same_and_counts_once(both: Both) -> None:
    _, model = both
    encoder, decoder, all_of_them = (
        {id(parameter) for parameter in module.parameters()}
        for module in (model.encoder, model.decoder, model)
    )
    assert encoder < decoder == all_of_them
    assert len(list(model.parameters())) == len(all_of_them)
    transformer: Any = model.encoder.transformer
    assert model.decoder.table is transformer.embeddings.word_embeddings.weight
    # New are 6 tensors a layer for cross-attention, 4 of the head's transform, and its bias.
    assert len(decoder) - len(encoder) == 6 * 2 + 5


def test_the_loss_is_the_plain_one_over_all_tokens_but_padding(both: Both) -> None:
    whole, model = both
    model.double()
    with torch.inference_mode():
        found, losses = model(batch(whole, LINES[:6])), []
        for line in LINES[:6]:
            ids = torch.tensor(whole.told([line]))
            vector = model.encoder(*padded(whole.read(noisy([line])), CPU))
            said = logits(model, vector, ids[:, :-1])
            losses.append(cross_entropy(said[0], ids[0, 1:], reduction="none"))
        assert torch.allclose(found, torch.cat(losses).mean(), atol=1e-10)


def test_in_buckets_it_is_the_same_loss_with_the_same_gradients(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, model = both
    model.double()
    parts = batch(whole, LINES[:13])
    assert len(parts.read.buckets) == len(parts.told.buckets) == packing.BUCKETS
    assert len({part.mask_ST.shape[1] for part in parts.told.buckets}) > 1
    parameters = list(model.parameters())
    monkeypatch.setattr(packing, "BUCKETS", 1)
    plain, dealt = model(batch(whole, LINES[:13])), model(parts)
    assert torch.allclose(plain, dealt, atol=1e-10)
    expected = torch.autograd.grad(plain, parameters)
    found = torch.autograd.grad(dealt, parameters)
    assert all(torch.allclose(f, e, atol=1e-10) for f, e in zip(found, expected, strict=True))


def test_the_gradient_of_the_vector_is_the_numerical_one(both: Both) -> None:
    whole, model = both
    model.double()
    decoder, told = model.decoder, batch(whole, LINES[:2])
    random = torch.Generator().manual_seed(2)
    vectors = torch.randn(2, 64, generator=random, dtype=torch.float64, requires_grad=True)

    def loss(vectors: Tensor) -> Tensor:
        return decoder.loss(decoder.states(vectors, told.told), told.wanted_N)

    (gradient,) = torch.autograd.grad(loss(vectors), [vectors])
    with torch.no_grad():
        for direction in torch.randn(4, 2, 64, generator=random, dtype=torch.float64):
            step = 1e-5 * direction
            more, less = (loss(v) for v in (vectors + step, vectors - step))
            expected = (gradient * direction).sum()
            assert torch.allclose((more - less) / 2e-5, expected, rtol=1e-5, atol=1e-9)
    assert gradient.abs().min(dim=1).values.gt(0).all()


def test_every_weight_learns_but_those_that_nothing_reads(both: Both) -> None:
    whole, model = both
    model(batch(whole, LINES[:6])).backward()
    still = {name for name, p in model.named_parameters() if p.grad is None}
    assert still == set()


def test_in_training_heads_drop_out_of_what_the_vector_says(folder: Path) -> None:
    """Where a head's one weight is dropped, it says nothing; else it says the more for it."""
    _, model = fresh(folder)
    crossing: Any = model.decoder.crossings[0].double()
    crossing.dropped_heads.p = 0.5
    crossing.train()
    text, one = packed([[0] * 40_000]), packed([[0]])
    states = torch.zeros(40_000, 64, dtype=torch.float64)
    ones = torch.ones(1, 64, dtype=torch.float64)
    said: list[Tensor] = []
    hook = crossing.dropout.register_forward_hook(lambda _, __, out: said.append(out))
    torch.manual_seed(1)
    with torch.inference_mode():
        crossing(states, ones, text)
        crossing.eval()
        crossing(states[:1], ones, one)
    hook.remove()
    dropped, whole = said
    assert len(torch.unique((dropped[:2_000] * 1e5).round(), dim=0)) == 2**4  # four heads
    assert torch.allclose(dropped.mean(dim=0), whole[0], atol=0.05 * float(whole.abs().max()))


def test_a_vector_of_another_length_is_told_from_too(tiny_bert: Path) -> None:
    whole, _ = fresh(tiny_bert)
    encoder = whole.module
    encoder.dense = torch.nn.Sequential(torch.nn.Linear(64, 24), torch.nn.Tanh())
    model = Autoencoder(encoder).eval()
    assert torch.isfinite(model(batch(replace(whole, module=encoder), LINES[:3])))


def test_a_token_is_told_from_some_pieces_alone(both: Both) -> None:
    whole, model = both
    model.double()
    given = batch(whole, LINES[:5])
    some = sorted(set(given.wanted_N.tolist()) | {7, 11})
    assert len(some) < len(model.decoder.table)
    few = Autoencoder(model.encoder, some).double().eval()
    few.load_state_dict(model.state_dict())
    with torch.no_grad():
        told = few.decoder.states(few.vectors(given.read), given.told)
        logits_NV = few.decoder.head(told) @ few.decoder.table.T + few.decoder.head.bias
    others = [piece for piece in range(len(model.decoder.table)) if piece not in some]
    logits_NV[:, others] = float("-inf")
    loss = few(given)
    assert float(loss.detach()) == pytest.approx(float(cross_entropy(logits_NV, given.wanted_N)))
    loss.backward()
    bias = few.decoder.head.bias.grad
    assert bias is not None
    assert not bias[others].any()
    assert bias[some].all()


def test_from_all_pieces_is_from_the_vocabulary(both: Both) -> None:
    whole, model = both
    given = batch(whole, LINES[:5])
    every = Autoencoder(model.encoder, range(len(model.decoder.table))).eval()
    every.load_state_dict(model.state_dict())
    assert float(every(given).detach()) == float(model(given).detach())


def test_what_is_its_own_is_what_it_does_not_share(both: Both) -> None:
    _, model = both
    shared = {id(weight) for weight in model.encoder.parameters()}
    own = {id(weight) for weight in model.decoder.own().parameters()}
    assert not shared & own
    assert shared | own == {id(weight) for weight in model.parameters()}


@pytest.mark.parametrize("whole_vocabulary", [True, False])
def test_the_gradient_of_all_weights_is_the_losss(both: Both, whole_vocabulary: bool) -> None:
    whole, model = both
    given = batch(whole, LINES[:3])
    if not whole_vocabulary:
        model = Autoencoder(model.encoder, sorted(set(given.wanted_N.tolist()) | {7, 11})).eval()
    model.double()
    check_slope(model, lambda: model(given))
