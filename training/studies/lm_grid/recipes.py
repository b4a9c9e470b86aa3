"""How each row is trained: a recipe of the package's own, changed as the design says."""

import json
from pathlib import Path
from typing import Final

from training.encoders.huggingface import default_pooling
from training.encoders.kinds import Pooling
from training.recipe import Recipe
from training.recipes import find
from training.studies.lm_grid.designs import FUSED, Design
from training.studies.lm_grid.encoders import Known
from training.studies.lm_grid.settings import Learning, LmGridSettings, Reading

CENTRED_TEMPERATURE: Final = 0.1
"""Scores of vectors of length 1 lie close together, and a loss over them learns little."""
SLACK: Final = 8
"""Tokens more that a shortened text may have once it stands in a prompt."""


def recipe_of_words(settings: LmGridSettings, design: Design, file: Path) -> Recipe:
    """Over static vectors. Raises BadRecipe."""
    encoder = {
        "kind": "words",
        "file": str(file),
        "dimension": settings.words.dimension,
        "trained": design.form == "tuned",
    }
    return _changed(
        settings,
        design,
        [
            f"text.encoder={json.dumps(encoder)}",
            *_lengths(settings, 0),
            *_reading(design, "mean", settings.reading),
        ],
    )


def recipe_of(settings: LmGridSettings, design: Design, known: Known, folder: Path) -> Recipe:
    """Over an encoder, in ``folder``: as it came, or as step one left it. Raises BadRecipe.

    A causal model's states mean little one by one: its last token's is taken, whatever the reading.
    """
    pooling = known.folder.pooling or default_pooling(known.folder)
    reading, room, around = settings.reading, 0, known.prefix + "{text}"
    if known.causal:
        reading = "pooled" if reading == "states" else reading
        room, around = known.prompt_tokens + SLACK, known.settings.prompt
    title, abstract = (around.replace("{text}", field) for field in ("{title}", "{abstract}"))
    return _changed(
        settings,
        design,
        [
            f"text.encoder.folder={json.dumps(str(folder))}",
            *_learning_layers(settings, design),
            f"text.template={json.dumps(title)}",
            f"text.abstract_template={json.dumps(abstract)}",
            *_lengths(settings, room),
            *_reading(design, pooling, reading),
        ],
    )


def _changed(settings: LmGridSettings, design: Design, of_texts: list[str]) -> Recipe:
    learning, recipe = settings.learning, find(design.architecture or FUSED)
    training = [
        f"training.history_length={settings.measuring.history_length}",
        f"training.seed={learning.seed}",
    ]
    if design.architecture is not None:
        training += [
            f"training.epochs={_epochs(learning, design)}",
            f"training.patience={learning.patience}",
            f"training.batch_size={learning.batch_size}",
            f"training.learning_rate={learning.learning_rate}",
            f"training.transformer_learning_rate={learning.transformer_learning_rate}",
            *learning.changes.get(design.architecture, ()),
        ]
    return recipe.changed([*of_texts, *training])


def _epochs(learning: Learning, design: Design) -> int:
    fine_tuned = design.depth > 0 or design.form == "lora"
    return (learning.fine_tuning_epochs if fine_tuned else None) or learning.epochs


def _learning_layers(settings: LmGridSettings, design: Design) -> list[str]:
    if design.form != "lora":
        return [f"text.encoder.trained_layers={design.depth}"]
    two_step = settings.two_step
    return [
        f"text.encoder.trained_layers={json.dumps(two_step.layers)}",
        f"text.encoder.lora={two_step.lora.model_dump_json()}",
    ]


def _lengths(settings: LmGridSettings, room: int) -> list[str]:
    measuring = settings.measuring
    return [
        f"text.max_tokens={measuring.title_tokens + room}",
        f"text.abstract_max_tokens={measuring.abstract_tokens + room}",
    ]


def _reading(design: Design, pooling: Pooling, reading: Reading) -> list[str]:
    """What the recommender is given of a text; late fusion always has the centred vector."""
    if design.architecture is None:
        return [f"text.pooling={pooling}"]
    if design.form == "cls":
        return [f"text.pooling=cls_{find(design.architecture).text.pooling}"]
    if reading == "states":
        return []
    if reading == "pooled":
        return [f"text.pooling={pooling}"]
    temperature = f"training.temperature={CENTRED_TEMPERATURE}"
    return [f"text.pooling={pooling}", "text.centred=true", temperature]
