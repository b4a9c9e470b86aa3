"""The rows of trained recommenders, which the paper says late fusion does without.

NRMS, NAML and LSTUR over the base and over the best variant; the encoder frozen, or its top layers
fine-tuned; trained on the source language alone (zero-shot), or with a few impressions told in the
others (few-shot). All read the encoder's pooled vectors, centred, which a small log needs to
learn from; read titles as long as late fusion does; and stop by the log that chose the best
variant.

Shapes: N texts, B batch, T tokens, D dimensions.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch.nn.functional import normalize

from model_store.text import render
from training.data.impressions import ImpressionLog
from training.data.tokens import tokenise
from training.data.translated import (
    Tellings,
    comparable,
    in_translation,
    joined,
    read_in_translation,
)
from training.encoders.folder import read_folder
from training.encoders.huggingface import default_pooling
from training.encoding import BUCKET, Float32
from training.errors import BadRecipe, UnusableEncoder
from training.recipe import Recipe
from training.recipes import find
from training.run import Logs, Trained, train
from training.studies.clicks import sampled, scorer
from training.studies.nase.adapted import VARIANTS
from training.studies.nase.exam import Exam, cells
from training.studies.nase.settings import NaseSettings
from training.studies.nase.setup import BASE, BEST, Setup
from training.studies.nase.vectors import retrieval_cells
from training.studies.study import Finished, Measured, Row

RECIPES: Final = {"nrms": "NRMS", "naml": "NAML", "lstur": "LSTUR"}
FROZEN: Final = ("training.learning_rate=3e-4", "training.temperature=0.1")
FINE_TUNED: Final = (
    "training.learning_rate=1e-4",
    "training.transformer_learning_rate=2e-5",
    "training.temperature=0.1",
)


@dataclass(frozen=True)
class Design:
    """One of the 24."""

    recipe: str
    over: str
    fine_tuned: bool
    few_shot: bool

    @property
    def name(self) -> str:
        """As the row is called."""
        depth = "tuned" if self.fine_tuned else "frozen"
        return f"{self.recipe}-{self.over}-{depth}-{'few' if self.few_shot else 'zero'}"

    @property
    def title(self) -> str:
        """As people read it."""
        depth = "fine-tuned" if self.fine_tuned else "frozen"
        shots = "few-shot" if self.few_shot else "zero-shot"
        return f"{RECIPES[self.recipe]} over the {self.over}, {depth}, {shots}"


DESIGNS: Final = tuple(
    Design(recipe, over, fine_tuned, few_shot)
    for over, fine_tuned, few_shot, recipe in product(
        (BASE, BEST), (False, True), (False, True), RECIPES
    )
)


def recommender_row(setup: Setup, design: Design, minutes: float) -> Row:
    """A trained recommender. Raises as ``recipe_of`` does."""
    settings = setup.settings
    recipe = recipe_of(settings, design, setup.encoder)  # what is wrong with it is said now

    def make(folder: Path, made: Mapping[str, Finished]) -> Measured:
        exam, encoder = setup.exam, setup.encoder_of(design.over, made)
        logs = logs_of(exam, settings, design)
        trained = train(recipe_of(settings, design, encoder), logs, folder)
        epochs = trained.progress.epoch
        facts = {"impressions learned from": len(logs.training), "epochs": epochs}
        score = scorer(trained, exam.log.news, exam.seen(), folder.parent / "cache")
        aligned = retrieval_cells(lambda texts: title_vectors(trained, texts), exam)
        return Measured(cells(exam, score) | aligned, facts)

    return Row(
        design.name,
        design.title,
        make,
        {
            **setup.measured_by,
            "recipe": recipe.model_dump(mode="json", exclude={"text": {"encoder": {"folder"}}}),
            "recommenders": settings.recommenders.model_dump(mode="json"),
            "design": [design.recipe, design.over, design.fine_tuned, design.few_shot],
        },
        setup.inputs,
        () if design.over == BASE else (BEST, *(variant.name for variant in VARIANTS)),
        minutes,
    )


@torch.inference_mode()
def title_vectors(trained: Trained, texts: Sequence[str]) -> Float32:
    """The texts' vectors (N×D) at length 1, by a recommender's trained encoder of titles."""
    source, encoder = trained.sources["title"], trained.recommender.news.texts["title"].eval()
    said = [render(source.template, {"title": text}) for text in texts]
    tokens = tokenise(trained.tokenizer, said, source.max_tokens)
    device = next(trained.recommender.parameters()).device
    order_N = np.argsort(tokens.lengths_N, kind="stable")
    parts = []
    for first in range(0, len(order_N), BUCKET):
        ids_BT, mask_BT = map(torch.from_numpy, tokens.batch(order_N[first : first + BUCKET]))
        parts.append(encoder(ids_BT.to(device), mask_BT.to(device)))
    vectors_ND: Float32 = normalize(torch.cat(parts)).cpu().numpy()
    return vectors_ND[np.argsort(order_N)]


def recipe_of(settings: NaseSettings, design: Design, encoder: Path) -> Recipe:
    """The recipe of a design. Raises BadRecipe for settings that fit no recipe, and UnusableEncoder
    also for a folder with a linear layer after pooling, which a recipe would leave out unsaid.
    """
    chosen, folder = settings.recommenders, read_folder(encoder)
    if folder.dense:
        raise UnusableEncoder(f"{encoder} has a linear layer after pooling, which no recipe takes")
    prefix = folder.prefix if settings.prefix is None else settings.prefix
    epochs = chosen.fine_tuning_epochs if design.fine_tuned else chosen.epochs
    layers = chosen.trained_layers if design.fine_tuned else 0
    return find(design.recipe).changed(
        [
            f"text.encoder.folder={json.dumps(str(encoder))}",
            f"text.encoder.trained_layers={json.dumps(layers)}",
            f"text.template={json.dumps(prefix + '{title}')}",
            f"text.abstract_template={json.dumps(prefix + '{abstract}')}",
            f"text.max_tokens={settings.measuring.max_tokens}",
            f"text.pooling={folder.pooling or default_pooling(folder)}",
            "text.centred=true",
            *(FINE_TUNED if design.fine_tuned else FROZEN),
            f"training.epochs={epochs}",
            f"training.batch_size={chosen.batch_size}",
            f"training.history_length={settings.measuring.history_length}",
            f"training.seed={chosen.seed}",
            *chosen.changes.get(design.recipe, ()),
        ]
    )


def few_shot(log: ImpressionLog, tellings: Tellings, few: int) -> ImpressionLog:
    """The log with ``few`` of its impressions told in the other languages, by turns, instead.

    Raises BadRecipe for a log of which nothing can be.
    """
    chosen = sampled(comparable(log, tellings), few)
    if not len(chosen):
        raise BadRecipe("few-shot: no training impression can be shown in translation")
    names = set(chosen.ids)
    others = [place for place, name in enumerate(log.ids) if name not in names]
    turns = enumerate(tellings.rows.values())
    told = [
        read_in_translation(in_translation(some, rows_N), rows_N)
        for start, rows_N in turns
        for some in [chosen.take(np.arange(start, len(chosen), len(tellings.rows)))]
    ]
    return joined([log.take(np.array(others, np.int64)), *told])


def logs_of(exam: Exam, settings: NaseSettings, design: Design) -> Logs:
    """What a design learns from, and the log that its epoch is chosen by: the one that chose the
    best variant, told in all languages, also for zero-shot.
    """
    chosen, days = settings.recommenders, exam.days
    training = sampled(days.training, chosen.impressions)
    if design.few_shot:
        training = few_shot(training, days.tellings, chosen.few)
    return Logs(training, joined(exam.choosing), (settings.data.training, "its last day"))
