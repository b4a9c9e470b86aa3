"""What a recommender costs, each figure beside a count of another kind."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from transformers import AutoConfig

from model_store import layout, news_encoder
from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.sessions import open_session
from tests.unit.training.conftest import titled_log
from training.compression.settings import FineTuning
from training.compression.teachers import fine_tune
from training.export.from_recipe import export_trained, representative
from training.recipe import Training
from training.run import Logs, Trained
from training.studies import efficiency as measuring
from training.studies.efficiency import (
    MEGABYTES,
    MILLIONS,
    SPEED,
    Efficiency,
    columns,
    efficiency,
    parameters_of,
    texts_per_second,
)

DIMENSION = 16
QUERY = 200


@pytest.fixture(scope="module")
def trained(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    settings = FineTuning(
        title_tokens=12, dimension=DIMENSION, training=Training(epochs=1, batch_size=8)
    )
    logs = Logs(titled_log(), None, ["tiny"])
    return fine_tune(tiny_bert, logs, settings, tmp_path_factory.mktemp("run"))


def linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def attention(dimension: int) -> int:
    """A layer, and a query without a bias."""
    return linear(dimension, QUERY) + QUERY


def by_hand(config: Any) -> tuple[int, int]:
    """The parameters of a BERT's news encoder without a pooler, and of a user encoder."""
    size, inner = config.hidden_size, config.intermediate_size
    norm = 2 * size
    tables = config.vocab_size + config.max_position_embeddings + config.type_vocab_size
    layer = 4 * linear(size, size) + linear(size, inner) + linear(inner, size) + 2 * norm
    transformer = tables * size + norm + config.num_hidden_layers * layer
    return transformer + attention(size) + linear(size, DIMENSION), attention(DIMENSION)


@dataclass(frozen=True)
class Seen:
    """What was measured, and what could be seen of the artefact meanwhile."""

    found: Efficiency
    sizes: dict[str, int]
    """Of the files in its folder."""
    floats: int
    """That its graphs hold."""
    threads: list[int]
    """Of the sessions that encoded the texts."""


@pytest.fixture(scope="module")
def seen(trained: Trained) -> Seen:
    sizes: dict[str, int] = {}
    floats: list[int] = []
    threads: list[int] = []

    def exported(*given: Any, **named: Any) -> Artefact:
        artefact = export_trained(*given, **named)
        sizes.update({path.name: len(path.read_bytes()) for path in artefact.folder.iterdir()})
        for path in artefact.folder.glob("*.onnx"):
            weights = onnx.load(path).graph.initializer
            kinds = [one for one in weights if one.data_type == onnx.TensorProto.FLOAT]
            floats.extend(int(np.prod(one.dims)) for one in kinds)
        return artefact

    def opened(path: Path, device: Any = "cpu", number: int = 0) -> Any:
        threads.append(number)
        return open_session(path, device, number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measuring, "export_trained", exported)
        patch.setattr(news_encoder, "open_session", opened)
        return Seen(efficiency(trained, 10), sizes, sum(floats), threads)


def test_parameters_are_those_that_the_architecture_has(
    trained: Trained, seen: Seen, tiny_bert: Path
) -> None:
    news, users = by_hand(AutoConfig.from_pretrained(tiny_bert))
    assert seen.found.parameters == parameters_of(trained.recommender) == news + users


def test_the_graphs_are_as_large_as_they_are_on_the_disk_and_hold_the_parameters(
    seen: Seen,
) -> None:
    graphs = {name: size for name, size in seen.sizes.items() if name.endswith(".onnx")}
    assert set(graphs) == {layout.news_encoder("fp32"), layout.USER_ENCODER}
    assert seen.found.onnx_bytes == sum(graphs.values()) < sum(seen.sizes.values())
    assert seen.floats >= seen.found.parameters  # and a centre, and constants
    assert 4 * seen.found.parameters < seen.found.onnx_bytes < 8 * seen.found.parameters


def test_the_export_is_read_on_one_thread(seen: Seen) -> None:
    assert seen.threads == [1]
    assert seen.found.texts_per_second > 0


def test_texts_a_second_are_counted_by_the_processors_time_and_the_best_round_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticks = iter([0.0, 2.0, 10.0, 11.0, 20.0, 24.0])
    monkeypatch.setattr(measuring.time, "process_time", lambda: next(ticks))
    read: list[int] = []

    class Encoder:
        def encode(self, news: list[NewsInputs]) -> None:
            read.append(len(news))

    speed = texts_per_second(Encoder(), [NewsInputs("A title")] * 8)  # type: ignore[arg-type]
    assert (speed, read) == (8, [8, 8, 8])


def test_a_row_shows_millions_and_megabytes(trained: Trained) -> None:
    figures = Efficiency(22_713_000, 91_016_632, 250.5).figures()
    assert figures == {MILLIONS: 22.713, MEGABYTES: 91.016632, SPEED: 250.5}
    assert {column.name for column in columns()} == set(figures)
    assert len(representative(trained, 5)) == 5
