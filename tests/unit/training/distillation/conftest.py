"""A tiny multilingual encoder of the kind that the student is cut out of."""

from pathlib import Path
from typing import Final

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from model_store.artefact import Artefact
from tests.unit.training.conftest import SIZES
from training.corpus.passage import Passage
from training.corpus.sources import headlines
from training.distillation.distil import PREFIX
from training.distillation.labels import teacher
from training.quiet import quiet

HEADLINES: Final = list(headlines.SOURCE.read(Path()))
LINES: Final = [passage.text for passage in HEADLINES[::20]]
"""Some of our own headlines, half of them English, the rest in 25 languages."""
SPECIALS: Final = ["<s>", "<pad>", "</s>", "<unk>"]
STEP: Final = 2.0**-6


@pytest.fixture(scope="session")
def unigram() -> Tokenizer:
    """A unigram tokenizer of 3,000 pieces that frames its texts."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=3000, special_tokens=SPECIALS, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(LINES, trainer)
    frame = [(token, tokenizer.token_to_id(token)) for token in ("<s>", "</s>")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=frame
    )
    return tokenizer


@pytest.fixture(scope="session")
def bert(unigram: Tokenizer) -> BertModel:
    """Three layers with random weights; its embedding table lies on a four-bit grid."""
    torch.manual_seed(7)
    config = BertConfig(vocab_size=unigram.get_vocab_size(), **{**SIZES, "num_hidden_layers": 3})
    model = BertModel(config, add_pooling_layer=False).eval()
    table = model.embeddings.word_embeddings.weight
    with torch.no_grad():
        table.copy_(torch.randint(-8, 8, table.shape) * STEP)
        table[:, ::32] = -8 * STEP
    return model


@pytest.fixture(scope="session")
def tiny_e5(bert: BertModel, unigram: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both of them as a Hugging Face folder."""
    folder = tmp_path_factory.mktemp("tiny-e5")
    with quiet():
        bert.save_pretrained(folder)
        fast = PreTrainedTokenizerFast(tokenizer_object=unigram, pad_token="<pad>")
        fast.save_pretrained(folder)
    return folder


def in_language(language: str, most: int = 100) -> list[Passage]:
    """Some of our own headlines."""
    return [passage for passage in HEADLINES if passage.language == language][:most]


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a distillation keeps what takes its time."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="session")
def first_teacher(tiny_e5: Path, work: Path) -> Artefact:
    """The tiny encoder as the teacher that a distillation makes of it."""
    return teacher(tiny_e5, work / "teachers", "first", PREFIX)
