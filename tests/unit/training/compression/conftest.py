"""A four-layer encoder that was post-trained once for all: its copies are the teachers."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from tests.unit.training.conftest import SIZES, titled_log
from tests.unit.training.post_training.tiny_pairs import PAIRS, TOWER, learning
from training.compression.insight import fresh
from training.compression.settings import FineTuning, StageOne
from training.compression.stage_one import Taught, stage_one
from training.compression.teachers import fine_tune, recipe_of
from training.encoders.folder import read_folder
from training.encoders.huggingface import load_tokenizer, save_transformer
from training.models.recommender import Recommender
from training.post_training.contrastive import PostTrained, post_train
from training.post_training.settings import PostTraining
from training.recipe import Training
from training.run import Logs, Trained

LAYERS: Final = 4
SMALL: Final = SIZES | {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2}
LOG: Final = titled_log(impressions=30)
LOGS: Final = Logs(LOG.take(np.arange(20)), LOG.take(np.arange(20, 30)), ["tiny"])
STAGE_ONE: Final = StageOne(layers=2, tower=TOWER, negatives=4, learning=learning(epochs=3))
FINE_TUNING: Final = FineTuning(
    title_tokens=12,
    dimension=16,
    dropout=0.1,
    training=Training(
        epochs=3, patience=3, batch_size=8, history_length=5, negatives=3, learning_rate=3e-3
    ),
)


def small_bert(layers: int, folder: Path, tokenizer_of: Path, **config: int) -> Path:
    """A BERT with random weights."""
    torch.manual_seed(7)
    source = read_folder(tokenizer_of)
    pieces = load_tokenizer(source).get_vocab_size()
    sizes = SMALL | {"num_hidden_layers": layers, "vocab_size": pieces} | config
    folder.mkdir()
    save_transformer(BertModel(BertConfig(**sizes)), source, folder)
    return folder


def begun(folder: Path) -> Recommender:
    """A recommender over the folder before its first step, without dropout."""
    return fresh(recipe_of(folder, FINE_TUNING), LOGS).eval()


@pytest.fixture(scope="session")
def four_layers(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The encoder as it was before anything."""
    return small_bert(LAYERS, tmp_path_factory.mktemp("four") / "bert", tiny_bert)


@pytest.fixture(scope="session")
def post_trained(four_layers: Path, tmp_path_factory: pytest.TempPathFactory) -> PostTrained:
    """Two copies of it, from one post-training."""
    settings = PostTraining(
        tower=TOWER, negatives=4, save_steps=8, copies=2, learning=learning(epochs=4)
    )
    return post_train(four_layers, PAIRS, settings, tmp_path_factory.mktemp("post-trained"))


@pytest.fixture(scope="session")
def taught(post_trained: PostTrained, tmp_path_factory: pytest.TempPathFactory) -> Taught:
    """A student of two layers after Stage I."""
    return stage_one(post_trained.copies, PAIRS, STAGE_ONE, tmp_path_factory.mktemp("taught"))


@pytest.fixture(scope="session")
def teachers(post_trained: PostTrained, tmp_path_factory: pytest.TempPathFactory) -> list[Trained]:
    """The copies, fine-tuned on clicks."""
    return [
        fine_tune(copy, LOGS, FINE_TUNING, tmp_path_factory.mktemp("teacher"))
        for copy in post_trained.copies
    ]


Numbers = Callable[..., torch.Tensor]


@pytest.fixture
def numbers() -> Numbers:
    """Random numbers in float64, the same in each test."""
    random = torch.Generator().manual_seed(4)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=random, dtype=torch.float64)

    return draw
