"""A trained recommender as an artefact, whichever recipe it comes from.

Shapes: U readers, L dimensions of a long-term vector.
"""

from pathlib import Path
from typing import Final

import numpy as np
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import nn

from model_store.artefact import Artefact
from model_store.inputs import ArticleReader, NewsInputs
from model_store.manifest import Attention, Attribution, LateFusion, Lineage, Scoring, Text
from training.data.features import TextSource, Vocabularies
from training.data.texts import evenly
from training.encoders.folder import read_folder
from training.export.artefact import export_artefact
from training.export.card import NOT_STATED
from training.export.precisions import FP32_ALONE, PARITY_TEXTS, Roundings
from training.export.trained_encoder import Provenance, TrainedEncoder
from training.export.user_graph import TrainedUsers
from training.models.users.encoder import OneVector
from training.recipe import Recipe, Transformer, WordVectors
from training.run import Trained

FUSED: Final = ("mean", "recency", "max")
"""User models that need no user encoder."""


def export_trained(
    trained: Trained,
    store: Path,
    name: str,
    *,
    roundings: Roundings = FP32_ALONE,
    texts: int = PARITY_TEXTS,
) -> Artefact:
    """Write the next version of ``name`` into ``store``; parity is measured over so many of the
    training log's news. Raises as ``export_artefact`` does.
    """
    merge_adapters(trained.recommender)
    provenance = Provenance(
        _lineage(trained), _attribution(trained), _languages(trained), _scoring(trained.recipe)
    )
    return export_artefact(
        _encoder(trained),
        provenance,
        store,
        name,
        representative=representative(trained, texts),
        centring=False,
        roundings=roundings,
    )


def merge_adapters(module: nn.Module) -> None:
    """Put what low-rank adapters learned into the layers that they stand on, and take them out."""
    for name, child in list(module.named_children()):
        if isinstance(child, BaseTunerLayer):
            child.merge()
            setattr(module, name, child.get_base_layer())
        else:
            merge_adapters(child)


def representative(trained: Trained, at_most: int) -> list[NewsInputs]:
    """News of the training log, evenly, as the encoder will be given them."""
    log, news = trained.logs.training, trained.recommender.news
    abstract = trained.sources.get("abstract")
    labels = trained.vocabularies if news.reads_categories else Vocabularies((), ())
    reader = ArticleReader(
        trained.sources["title"].template,
        None if abstract is None else abstract.template,
        labels.categories,
        labels.subcategories,
    )
    rows = np.array(evenly(log.seen().tolist(), at_most), np.int64)
    return [reader.read(fields) for fields in log.news.fields(rows)]


def _encoder(trained: Trained) -> TrainedEncoder:
    recipe, news = trained.recipe, trained.recommender.news
    abstract = trained.sources.get("abstract")
    vocabularies = trained.vocabularies
    return TrainedEncoder(
        module=news,
        tokenizer=trained.tokenizer,
        text=_text(trained.sources["title"]),
        pooling=recipe.text.pooling,
        dimension=news.dimension,
        normalised=_unit_length(recipe),
        inputs=news.inputs,
        abstract=None if abstract is None else _text(abstract),
        categories=vocabularies.categories if news.reads_categories else (),
        subcategories=vocabularies.subcategories if news.reads_categories else (),
        users=None if recipe.users.kind in FUSED else _users(trained),
    )


def _text(source: TextSource) -> Text:
    return Text(template=source.template, max_tokens=source.max_tokens)


def _unit_length(recipe: Recipe) -> bool:
    text = recipe.text
    untouched = text.dimension is None and not text.residual
    return text.centred and untouched and recipe.news == "title"


def _users(trained: Trained) -> TrainedUsers:
    recommender, users = trained.recommender, trained.recommender.users
    assert isinstance(users, OneVector)  # the others are fused late, without a user encoder
    if recommender.long_term is None:
        return TrainedUsers(users)
    vectors_UL = recommender.long_term.weight.detach().numpy()[1:]
    return TrainedUsers(users, trained.readers.users, vectors_UL.astype(np.float32))


def _scoring(recipe: Recipe) -> Scoring:
    kind, length = recipe.users.kind, recipe.training.history_length
    if kind == "mean" or kind == "recency" or kind == "max":
        return LateFusion(fusion=kind, history_length=length)
    return Attention(history_length=length)


def _lineage(trained: Trained) -> Lineage:
    recipe = trained.recipe
    settings = recipe.model_dump(mode="json", exclude={"name"})
    encoder = recipe.text.encoder
    if isinstance(encoder, Transformer) and encoder.folder is not None:
        settings["text"]["encoder"]["folder"] = encoder.folder.resolve().name
    logs, progress = trained.logs, trained.progress
    sizes = {logs.names[0]: len(logs.training)}
    if logs.validation is not None:
        sizes["validation"] = len(logs.validation)
    return Lineage(
        recipe=recipe.name,
        settings=settings | {"epochs_trained": progress.epoch, "losses": list(progress.losses)},
        data=sizes,
        seed=recipe.training.seed,
        metrics=trained.metrics(),
    )


def _attribution(trained: Trained) -> Attribution:
    encoder, texts = trained.recipe.text.encoder, ", ".join(trained.logs.names)
    if isinstance(encoder, WordVectors):
        source = encoder.file.name if encoder.file else "none"
        return Attribution(weights=source, weights_license=NOT_STATED, texts=texts)
    assert encoder.folder is not None  # or there would have been nothing to train
    folder = read_folder(encoder.folder)
    return Attribution(
        weights=folder.path.resolve().name,
        weights_license=folder.license or NOT_STATED,
        texts=texts,
    )


def _languages(trained: Trained) -> tuple[str, ...]:
    encoder = trained.recipe.text.encoder
    if isinstance(encoder, Transformer) and encoder.folder is not None:
        return read_folder(encoder.folder).languages
    return ()
