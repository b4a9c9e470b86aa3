"""Online equals offline, on a slice of the real log; ``python -m bench.parity`` does all of it."""

from collections import Counter

import httpx
import numpy as np
import pytest

from bench.data import MIND
from bench.parity import agree, post_news, served_scores
from model_store.store import DEFAULT_ARTEFACT, ModelStore
from training.data.impressions import Impression, ImpressionLog
from training.data.logs import read_logs
from training.evaluation.evaluate import evaluate_on
from training.evaluation.report import evaluate_scores

pytestmark = pytest.mark.skipif(
    not MIND.is_dir(), reason=f"the real log is not here: {MIND} (set NEWSSTAND_DATA)"
)
LENGTH = 50


def repeats(impression: Impression) -> bool:
    newest = impression.history[-LENGTH:]
    return len(set(newest)) < len(newest)


def slice_of(log: ImpressionLog) -> ImpressionLog:
    """Repeats within a history, a reader's several impressions, long and empty histories."""
    impressions = list(log)
    of_reader = Counter(impression.user_id for impression in impressions)
    several = {user for user, count in of_reader.items() if count > 1}
    chosen = [i for i in impressions if repeats(i)][:15]
    chosen += [i for i in impressions if i.user_id in several]
    chosen += [i for i in impressions if len(i.history) > 2 * LENGTH][:5]
    chosen += [i for i in impressions if not i.history][:5]
    chosen += impressions[:20]
    place_of = {impression.impression_id: place for place, impression in enumerate(impressions)}
    places = dict.fromkeys(place_of[impression.impression_id] for impression in chosen)
    return log.take(np.array(list(places)))


def test_rank_over_a_log_gives_the_offline_evaluations_metrics(own_service: httpx.Client) -> None:
    (log,) = read_logs([MIND / "dev"], [MIND / "train"])
    chosen = slice_of(log)
    assert sum(map(repeats, chosen)) >= 15
    assert len(set(chosen.users)) < len(chosen)

    post_news(own_service, chosen.news.take(chosen.seen()))
    online_S = served_scores(own_service, chosen)
    artefact = ModelStore.at().load(DEFAULT_ARTEFACT)
    offline = evaluate_on(artefact, chosen, "a slice")

    assert agree(evaluate_scores(chosen, online_S), offline.report)
    assert (online_S == offline.scores_S).all()
