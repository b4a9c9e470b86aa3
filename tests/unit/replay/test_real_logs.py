"""The real samples as logs: they are read, and nothing is known before its time."""

from pathlib import Path

import pytest

from bench.data import DATA
from service.replay.formats import open_log
from service.replay.log import Log
from tests.unit.replay.time_order import check_time_order


def sample(*folders: str) -> Log:
    paths: list[Path] = [DATA / folder for folder in folders]
    for path in paths:
        if not path.is_dir():
            pytest.skip(f"the real log is not here: {path} (set NEWSSTAND_DATA)")
    return open_log(paths)


def test_mind_is_in_the_order_of_time() -> None:
    log = sample("mind-sample/train", "mind-sample/dev")
    assert len(log.impressions) == 3_120 + 995
    assert not any(article.generated for article in log.articles.values())
    assert all(impression.clicked for impression in log.impressions)
    check_time_order(log)


def test_ebnerd_is_in_the_order_of_time() -> None:
    log = sample("ebnerd-demo/train", "ebnerd-demo/validation")
    assert len(log.impressions) == 24_724 + 25_356
    assert all(article.generated for article in log.articles.values())
    clicks = [click for impression in log.impressions for click in impression.clicked]
    assert sum(click.dwell_seconds is not None for click in clicks) > 0.9 * len(clicks)
    check_time_order(log)
