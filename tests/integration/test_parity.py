"""Online equals offline, on a slice of the real log; ``python -m bench.parity`` does all of it."""

from collections import Counter
from pathlib import Path

import httpx
import pytest

from bench.data import MIND
from bench.parity import agree, post_news, served_scores
from model_store.news_encoder import NewsEncoder
from model_store.store import ModelStore
from training.data import mind
from training.data.impressions import Impression
from training.evaluation.late_fusion import encode_news, needed, score
from training.evaluation.report import evaluate_scores

pytestmark = pytest.mark.skipif(
    not MIND.is_dir(), reason=f"the real log is not here: {MIND} (set NEWSSTAND_DATA)"
)
LENGTH = 50


def repeats(impression: Impression) -> bool:
    newest = impression.history[-LENGTH:]
    return len(set(newest)) < len(newest)


def slice_of(impressions: list[Impression]) -> list[Impression]:
    """Repeats within a history, a reader's several impressions, long and empty histories."""
    of_reader = Counter(impression.user_id for impression in impressions)
    several = {user for user, count in of_reader.items() if count > 1}
    chosen = [i for i in impressions if repeats(i)][:15]
    chosen += [i for i in impressions if i.user_id in several]
    chosen += [i for i in impressions if len(i.history) > 2 * LENGTH][:5]
    chosen += [i for i in impressions if not i.history][:5]
    chosen += impressions[:20]
    return list({impression.impression_id: impression for impression in chosen}.values())


def test_rank_over_a_log_gives_the_offline_evaluations_metrics(
    own_service: httpx.Client, minilm_store: Path
) -> None:
    folders = (MIND / "train" / mind.NEWS, MIND / "dev" / mind.NEWS)
    news = mind.read_all_news(folders)
    log = list(mind.read_impressions(MIND / "dev" / mind.BEHAVIOURS, known=news))
    impressions = slice_of(log)
    assert sum(map(repeats, impressions)) >= 15
    assert len({i.user_id for i in impressions}) < len(impressions)

    wanted = [news[news_id] for news_id in needed(impressions)]
    post_news(own_service, wanted)
    online_scores = list(served_scores(own_service, impressions))

    artefact = ModelStore.at(minilm_store).load("news-minilm")
    manifest = artefact.manifest
    encoder = NewsEncoder(artefact, manifest.best_precision("cpu"))
    vectors = encode_news(encoder, manifest.text.template, wanted)
    offline_scores = list(score(impressions, vectors, manifest.scoring.history_length))

    online = evaluate_scores(impressions, online_scores)
    offline = evaluate_scores(impressions, offline_scores)
    assert agree(online, offline)
    for served, computed in zip(online_scores, offline_scores, strict=True):
        assert (served is None) == (computed is None)
        if served is not None and computed is not None:
            assert served == list(computed)
