"""The rows: MTRec whole, and with one part left out or made otherwise."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from training.encoders.folder import read_folder
from training.recipe import Recipe
from training.recipes import find
from training.run import train
from training.studies.clicks import cells, scorer
from training.studies.mtrec.settings import MtrecSettings
from training.studies.mtrec.setup import Setup
from training.studies.study import Finished, Measured, Row

PARAMETERS: Final = "parameters"
MINUTES: Final = "minutes"


@dataclass(frozen=True)
class Design:
    """A row, by what it changes of the recipe."""

    name: str
    title: str
    changes: tuple[str, ...] = ()
    quoted: Mapping[str, str] = field(default_factory=dict)
    """The poster's own numbers."""


def _quoted(mrr: str, ndcg5: str, ndcg10: str) -> Mapping[str, str]:
    return {"MRR": mrr, "nDCG@5": ndcg5, "nDCG@10": ndcg10}


DESIGNS: Final = (
    Design(
        "baseline",
        "baseline: the clicks alone",
        ("multi_task=null",),
        {"AUC": "50.13", "nDCG@5": "20.64", "nDCG@10": "20.17"},
    ),
    Design("full", "MTRec", (), _quoted("32.21", "35.64", "43.97")),
    Design(
        "without-lora",
        "w/o LoRA",
        ("text.encoder.lora=null",),
        _quoted("32.02", "35.41", "43.79"),
    ),
    Design(
        "without-category",
        "w/o the category head",
        ('multi_task.heads=["sentiment"]',),
        _quoted("31.75", "35.09", "43.56"),
    ),
    Design(
        "without-sentiment",
        "w/o the sentiment head",
        ('multi_task.heads=["category"]',),
        _quoted("31.86", "35.13", "43.78"),
    ),
    Design("without-surgery", "w/o surgery", ("multi_task.surgery=none",)),
    Design(
        "main-priority",
        "the heads' gradient alone gives way",
        ("multi_task.surgery=main_priority",),
    ),
    Design(
        "entities",
        "with an entity head",
        ('multi_task.heads=["category", "sentiment", "entities"]',),
    ),
    Design("scalar-attention", "one attention weight a click", ("users.kind=additive",)),
)


def design_row(setup: Setup, design: Design, minutes: float) -> Row:
    """A trained recommender. Raises as ``recipe_of`` does."""
    recipe = recipe_of(setup.settings, design, setup.encoder)  # what is wrong with it is said now

    def make(folder: Path, made: Mapping[str, Finished]) -> Measured:
        logs, log = setup.logs, setup.measured
        trained = train(recipe, logs, folder)
        weights = trained.recommender.parameters()
        learning = sum(weight.numel() for weight in weights if weight.requires_grad)
        progress = trained.progress
        score = scorer(trained, log.news, log.seen(), folder.parent / "cache")
        return Measured(
            cells(log, score(log)),
            {
                "impressions learned from": len(logs.training),
                "epochs": progress.epoch,
                "losses": ", ".join(f"{loss:.3f}" for loss in progress.losses),
            },
            {PARAMETERS: learning / 1e6, MINUTES: progress.seconds / 60},
        )

    return Row(
        design.name,
        design.title,
        make,
        {
            **setup.decided_by,
            "recipe": recipe.model_dump(mode="json", exclude={"text": {"encoder": {"folder"}}}),
        },
        setup.inputs,
        minutes=minutes,
        quoted=design.quoted,
    )


def recipe_of(settings: MtrecSettings, design: Design, encoder: Path) -> Recipe:
    """The recipe of a design. Raises BadRecipe and UnusableEncoder."""
    prefix = read_folder(encoder).prefix if settings.prefix is None else settings.prefix
    return find("mtrec").changed(
        [
            f"text.encoder.folder={json.dumps(str(encoder))}",
            f"text.template={json.dumps(prefix + '{title}')}",
            *settings.changes,
            *design.changes,
            *settings.row_changes.get(design.name, ()),
        ]
    )
