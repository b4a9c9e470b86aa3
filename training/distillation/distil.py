"""From two teachers and the corpora to the encoder that Newsstand ships.

Everything that takes its time is kept in one folder and found there again: the corpus is compiled
anew, but the teachers' answers and the student's epochs are not.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from tokenizers import Tokenizer

from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.layout import TOKENIZER
from model_store.manifest import Attribution, Lineage, Text
from training.corpus.compiled import compile_corpus
from training.corpus.passage import Passage
from training.corpus.source import Source
from training.corpus.sources import SOURCES
from training.distillation.labels import Float16, label, teacher
from training.distillation.learning import learn
from training.distillation.settings import Distillation
from training.distillation.student import cut
from training.distillation.targets import check_dimensions, targets
from training.distillation.vocabulary import prune
from training.encoders.folder import read_folder
from training.encoders.huggingface import load_encoder
from training.encoders.sentence_encoder import SentenceEncoder, padded
from training.export.artefact import check_writable, export_artefact
from training.export.precisions import INT8
from training.export.trained_encoder import Provenance, TrainedEncoder
from training.progress import working

TEMPLATE: Final = "{title}"
PREFIX: Final = "query: "
"""What multilingual-e5 wants before a text; the student wants nothing."""
FREQUENCIES: Final = "word frequencies, for the vocabulary alone, from wordfreq (Speer)"
FREQUENCIES_LICENCE: Final = "CC BY-SA 4.0"
WATCHED_TEXTS: Final = 400
"""So many texts decide which neurons stay."""


@dataclass(frozen=True)
class Inputs:
    """Where everything lies: Hugging Face folders of the teachers, and the corpora's folders."""

    first: Path
    second: Path
    corpora: tuple[Path, ...]
    sources: tuple[Source, ...] = SOURCES


def distil(inputs: Inputs, settings: Distillation, work: Path, store: Path) -> Artefact:
    """Make the encoder and write it into ``store``, in int8 alone.

    Raises UnreadableData, UnusableEncoder, Diverged, BadRecipe, NotWritable, and what exporting
    raises.
    """
    check_writable(store, settings.name)
    torch.manual_seed(settings.seed)
    with working("Reading the corpora"):
        passages = compile_corpus(inputs.corpora, settings.corpus, settings.seed, inputs.sources)
    first = teacher(inputs.first, work / "teachers", "first", PREFIX)
    second = teacher(inputs.second, work / "teachers", "second")
    check_dimensions(first.manifest.dimension, second.manifest.dimension, settings.targets)
    full = Tokenizer.from_file(str(first.path(TOKENIZER)))
    pruned = prune(full, passages, settings.vocabulary)
    with working("Cutting the student out"):
        student = _student(inputs.first, full, pruned.kept, passages, settings)
    learned = targets(passages, *_labels(first, second, passages, work), settings.targets)
    pruned.tokenizer.enable_truncation(settings.student.max_tokens)
    encoded = pruned.tokenizer.encode_batch_fast([passage.text for passage in passages])
    ids = [text.ids for text in encoded]
    learn(student, ids, learned, settings.learning, settings.seed, work / "student")
    pruned.tokenizer.no_truncation()
    provenance = _provenance(passages, inputs.sources, settings)
    return _export(student, pruned.tokenizer, passages, provenance, settings, store)


def _labels(
    first: Artefact, second: Artefact, passages: Sequence[Passage], work: Path
) -> tuple[Float16, Float16]:
    """What the first teacher says of all passages, the second of those in English."""
    folder = work / "labels"
    of_first = label(first, [passage.text for passage in passages], folder)
    english = [row for row, passage in enumerate(passages) if passage.language == "en"]
    answers = label(second, [passages[row].text for row in english], folder)
    of_second = np.zeros((len(passages), answers.shape[1]), np.float16)
    of_second[english] = answers
    return of_first, of_second


def _student(
    folder: Path,
    full: Tokenizer,
    kept: Sequence[int],
    passages: Sequence[Passage],
    settings: Distillation,
) -> SentenceEncoder:
    source = load_encoder(read_folder(folder), "mean")
    step = max(1, len(passages) // WATCHED_TEXTS)
    texts = sorted((PREFIX + passage.text for passage in passages[::step]), key=len)
    full.no_padding()
    full.enable_truncation(settings.student.max_tokens)
    ids = [text.ids for text in full.encode_batch_fast(texts)]
    device = torch.device("cpu")
    batches = [padded(ids[at : at + 50], device) for at in range(0, len(ids), 50)]
    return cut(source, kept, settings.student, settings.targets.dimension, batches)


def _export(
    student: SentenceEncoder,
    tokenizer: Tokenizer,
    passages: Sequence[Passage],
    provenance: Provenance,
    settings: Distillation,
    store: Path,
) -> Artefact:
    headlines = [p.text for p in passages if p.kind == "headline"]
    transformer: Any = student.transformer
    transformer.set_attn_implementation("eager")
    encoder = TrainedEncoder(
        module=student,
        tokenizer=tokenizer,
        text=Text(template=TEMPLATE, max_tokens=settings.student.max_tokens),
        pooling="mean",
        dimension=settings.targets.dimension,
        normalised=True,
    )
    return export_artefact(
        encoder,
        provenance,
        store,
        settings.name,
        representative=[NewsInputs(text) for text in headlines],
        roundings=INT8,
        kept=("int8",),
    )


def _provenance(
    passages: Sequence[Passage], sources: Sequence[Source], settings: Distillation
) -> Provenance:
    languages = Counter(passage.language for passage in passages)
    lineage = Lineage(
        recipe="distil",
        settings=settings.model_dump(mode="json", exclude={"name", "seed"}),
        data=dict(Counter(passage.kind for passage in passages)),
        seed=settings.seed,
    )
    texts = {source.title: source.licence for source in sources}
    texts[FREQUENCIES] = FREQUENCIES_LICENCE
    attribution = Attribution(
        weights="cut out of multilingual-e5-small (Wang et al., 2024), taught by it and by "
        "all-MiniLM-L6-v2 (Reimers and Gurevych, 2019)",
        weights_license="Apache-2.0; multilingual-e5-small is under MIT, all-MiniLM-L6-v2 under "
        "Apache-2.0",
        texts="; ".join(texts),
        texts_license="; ".join(f"{title}: {licence}" for title, licence in texts.items()),
    )
    return Provenance(lineage, attribution, ("en", *sorted(languages.keys() - {"en"})))
