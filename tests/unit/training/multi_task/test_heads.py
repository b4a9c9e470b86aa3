"""Heads read the clicked titles: each click once, no padding, and no candidate."""

from dataclasses import replace
from math import log as ln

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.unit.training.conftest import Prepared, prepare
from tests.unit.training.multi_task.conftest import of_words, rows
from training.data.impressions import ImpressionLog
from training.data.ragged import Ragged
from training.encoding import news_vectors
from training.examples import Batch, Examples, batch_of
from training.models.text import Words
from training.multi_task.heads import AUXILIARY, MAIN, Head, WithHeads
from training.multi_task.labels import Labels, one_of
from training.multi_task.objective import ClicksAndTitles
from training.objective import nce

BEARS = np.array([[True, False], [False, True], [False, False]])
RECIPE = of_words()


def head() -> Head:
    """One that says (0, ln 3) to a title at (1, 0), and (0, 0) to one at (0, 1)."""
    made = Head(2, Labels(("a", "b"), BEARS, one_of))
    with torch.no_grad():
        made.tell.weight.copy_(torch.tensor([[0.0, 0.0], [ln(3), 0.0]]))
        made.tell.bias.zero_()
    return made


def test_a_heads_loss_is_the_mean_over_clicks_whose_title_has_a_label() -> None:
    vectors_PD = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    loss = head()(vectors_PD, torch.tensor([0, 1, 1, 2]))
    assert loss.item() == pytest.approx((ln(4) + ln(4 / 3) + ln(2)) / 3)


def test_a_title_that_was_clicked_twice_counts_twice() -> None:
    vectors_PD = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    loss = head()(vectors_PD, torch.tensor([0, 0, 1]))
    assert loss.item() == pytest.approx((2 * ln(4) + ln(2)) / 3)


@pytest.mark.parametrize("rows_P", [[], [2, 2]])
def test_where_no_title_has_a_label_there_is_nothing_to_learn(rows_P: list[int]) -> None:
    made = head()
    vectors_PD = torch.ones(len(rows_P), 2, requires_grad=True)
    loss = made(vectors_PD, torch.tensor(rows_P, dtype=torch.int64))
    assert loss.item() == 0
    loss.backward()
    grads = [made.tell.weight.grad, made.tell.bias.grad, vectors_PD.grad]
    assert all(grad is not None and not grad.any() for grad in grads)


def learner_of(log: ImpressionLog) -> tuple[WithHeads, Prepared]:
    ready = prepare(RECIPE, log)
    objective = ClicksAndTitles.of(RECIPE, log)
    assert objective is not None
    learner = objective.around(ready.recommender)
    assert isinstance(learner, WithHeads)
    return learner, ready


def examples(log: ImpressionLog, shown: list[list[str]]) -> Examples:
    """Two readers: of three clicks, and of none."""
    history = Ragged.of([[*rows(log, "h1"), *rows(log, "h1"), *rows(log, "h2")], []])
    candidates = np.array([[rows(log, name)[0] for name in names] for names in shown])
    return Examples(history, candidates, np.zeros(2, np.int64))


def batch(log: ImpressionLog, ready: Prepared, *shown: list[str]) -> Batch:
    return batch_of(examples(log, list(shown)), ready.kept)


def test_the_losses_are_those_of_clicks_and_of_all_heads_with_their_weight(
    log: ImpressionLog,
) -> None:
    learner, ready = learner_of(log)
    given = batch(log, ready, ["c0", "c1", "c2"], ["c2", "c0", "c1"])
    with torch.inference_mode():
        losses_2 = learner(given)
        vectors_UD = news_vectors(ready.recommender.news, given.news)
        of_row = dict(zip(given.rows_U.tolist(), vectors_UD, strict=True))
        expected = 0.0
        for name in ("category", "sentiment"):
            made = learner.heads[name]
            assert isinstance(made, Head)
            of_titles = []
            for title in ("h1", "h1", "h2"):
                (row,) = rows(log, title)
                shares = torch.softmax(made.tell(of_row[row]), dim=0)
                of_titles.append(-ln(float(shares[made.bears_NK[row]])))
            expected += float(np.mean(of_titles))
        clicks = float(nce(learner.recommender(given), 1.0))
    assert losses_2.tolist() == pytest.approx([clicks, 0.3 * expected], abs=1e-5)


def test_padding_has_no_part_in_what_heads_learn(log: ImpressionLog) -> None:
    learner, ready = learner_of(log)
    given = batch(log, ready, ["c0", "c1", "c2"], ["c2", "c0", "c1"])
    wider = replace(
        given,
        history_BH=torch.cat([given.history_BH, torch.full((2, 3), 2)], dim=1),
        mask_BH=torch.cat([given.mask_BH, torch.zeros(2, 3, dtype=torch.int64)], dim=1),
    )
    with torch.inference_mode():
        torch.testing.assert_close(learner(wider), learner(given))


def word_gradients(learner: WithHeads, ready: Prepared, loss: Tensor) -> Tensor:
    """Of each word's vector (V×D)."""
    learner.zero_grad()
    loss.backward(retain_graph=True)
    ((_, title),) = ready.recommender.news.text_encoders()
    assert isinstance(title.trained, Words)
    grad = title.trained.table.weight.grad
    assert grad is not None
    return grad


def words_of(log: ImpressionLog, ready: Prepared, *names: str) -> list[int]:
    ids_BT, mask_BT = ready.kept.texts["title"].tokens.batch(np.array(rows(log, *names)))
    return sorted(set(ids_BT[mask_BT == 1].tolist()))


def test_what_heads_teach_never_reaches_the_candidates(log: ImpressionLog) -> None:
    learner, ready = learner_of(log)
    losses_2 = learner(batch(log, ready, ["c0", "c1", "c2"], ["c2", "c0", "c1"]))
    read, shown = words_of(log, ready, "h1", "h2"), words_of(log, ready, "c0", "c1", "c2")
    assert not set(read) & set(shown)
    main = word_gradients(learner, ready, losses_2[MAIN]).clone()
    auxiliary = word_gradients(learner, ready, losses_2[AUXILIARY])
    assert main[shown].any(dim=1).all()
    assert not auxiliary[shown].any()
    assert auxiliary[read].any(dim=1).all()


def test_what_heads_learn_does_not_depend_on_the_candidates(log: ImpressionLog) -> None:
    learner, ready = learner_of(log)
    with torch.inference_mode():
        one = learner(batch(log, ready, ["c0", "c1", "c2"], ["c2", "c0", "c1"]))
        other = learner(batch(log, ready, ["c2", "h1", "h2"], ["h3", "h0", "h1"]))
    assert one[AUXILIARY].item() == pytest.approx(other[AUXILIARY].item(), abs=1e-6)
    assert one[MAIN].item() != pytest.approx(other[MAIN].item(), abs=1e-6)


def test_the_shared_weights_are_the_news_encoders(log: ImpressionLog) -> None:
    learner, ready = learner_of(log)
    weights = dict(learner.named_parameters())
    shared = {id(weights[name]) for name in learner.shared}
    assert shared == {id(weight) for weight in ready.recommender.news.parameters()}
    private = {name.split(".")[0] for name in weights.keys() - learner.shared}
    assert private == {"recommender", "heads"}
