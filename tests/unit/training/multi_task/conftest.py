"""A log whose titles of histories and of candidates have no word in common, with labels."""

from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.small_logs import log_of, seen
from training.data.impressions import ImpressionLog
from training.recipe import Recipe, Training
from training.recipes import find

READ = {
    "h0": "a quiet harbour",
    "h1": "the storm destroys a bridge",
    "h2": "our team wins again",
    "h3": "soup of the day",
}
SHOWN = {"c0": "ministers meet", "c1": "prices rise", "c2": "new trams arrive"}
CATEGORY = {"h0": "travel", "h1": "news", "h2": "sports", "c0": "politics", "c1": "money"}
SENTIMENT = {"h1": "negative", "h2": "positive", "h3": "neutral", "c1": "negative"}
ENTITIES = {"h1": "G", "h2": "O P", "c0": "P W"}
HISTORIES = (("h0", "h1", "h1"), (), ("h2",), ("h3", "h0"))


def labelled_log(days: int = 1, impressions: int = 8) -> ImpressionLog:
    """Readers with none to three clicks, one of them twice."""
    shown = [
        seen(
            {f"c{number % 3}": 1, f"c{(number + 1) % 3}": 0, f"c{(number + 2) % 3}": 0},
            history=HISTORIES[number % len(HISTORIES)],
            user=f"u{number % 5}",
            hours=24 * day + number,
        )
        for day in range(days)
        for number in range(impressions)
    ]
    return log_of(
        *shown,
        title=READ | SHOWN,
        category=CATEGORY,
        sentiment=SENTIMENT,
        entities=ENTITIES,
    )


@pytest.fixture(scope="session")
def log() -> ImpressionLog:
    return labelled_log()


def of_words(*changes: str) -> Recipe:
    """MTRec's shape over word vectors, small and without dice."""
    tiny = Training(epochs=2, batch_size=4, learning_rate=0.05, negatives=2, history_length=30)
    return find("mtrec").changed(
        [
            'text.encoder={"kind": "words", "dimension": 8}',
            "text.pooling=attention",
            "text.dropout=0",
            f"training={tiny.model_dump_json()}",
            *changes,
        ]
    )


def of_bert(folder: Path, *changes: str) -> Recipe:
    """MTRec as it is, but for what would take long; its dice do not fall."""
    return find("mtrec").changed(
        [
            f"text.encoder.folder={folder}",
            "text.encoder.lora.rank=4",
            "training.epochs=2",
            "training.batch_size=4",
            "training.learning_rate=0.01",
            "training.negatives=2",
            *changes,
        ]
    )


def rows(log: ImpressionLog, *names: str) -> list[int]:
    """Where news stand in the log's table."""
    return np.flatnonzero(np.isin(log.news.ids, names)).tolist()
