"""The rows of late fusion over frozen encoders: the base, its adaptations, and the best of them."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.adaptation.adapt import Adapted, adapt
from training.adaptation.choice import LateFusionMrr
from training.adaptation.settings import Adaptation, ObjectiveName
from training.data.polynews import ParallelTexts, Texts
from training.errors import BadRecipe
from training.studies.nase.compiling import Facts, compiled_pairs, compiled_texts
from training.studies.nase.settings import NaseSettings
from training.studies.nase.setup import BASE, BEST, ENCODER, VARIANT, Setup
from training.studies.nase.texts import parallel_texts, single_texts
from training.studies.nase.vectors import choosing_figure, late_fusion_cells
from training.studies.study import Finished, Measured, Row

WORTH: Final = "worth on the validation day"
"""The mean MRR of late fusion over its languages, by which the best is chosen."""
ADAPTING: Final = "adapting"


@dataclass(frozen=True)
class Variant:
    """A way to adapt, from the encoder that the row ``start`` has."""

    name: str
    title: str
    objective: ObjectiveName
    start: str = BASE


VARIANTS: Final = (
    Variant("dae", "DAE", "dae"),
    Variant("mt", "MT", "mt"),
    Variant("dae+mt", "DAE+MT", "dae+mt"),
    Variant("dae-to-mt", "DAE→MT", "mt", start="dae"),
)


def base_row(setup: Setup, minutes: float) -> Row:
    """The encoder as it came."""

    def make(folder: Path, made: Mapping[str, Finished]) -> Measured:
        settings, exam = setup.settings, setup.exam
        prefix, length = settings.prefix, settings.measuring.max_tokens
        worth = choosing_figure(setup.encoder, prefix, exam, length)
        samples = late_fusion_cells(setup.encoder, prefix, exam, settings.measuring)
        return Measured(samples, {WORTH: round(worth, 4), **exam.coverage()})

    title = f"{setup.encoder.resolve().name}, as it came"
    return Row(BASE, title, make, setup.measured_by, setup.inputs, minutes=minutes)


def variant_row(setup: Setup, variant: Variant, minutes: float) -> Row:
    """The encoder adapted."""
    settings = adaptation(setup.settings, variant)
    needs = () if variant.start == BASE else (variant.start,)

    def make(folder: Path, made: Mapping[str, Finished]) -> Measured:
        exam = setup.exam
        texts, pairs, facts = learned_from(setup, variant, folder.parent / "cache")
        adapted = adapt(
            settings,
            setup.encoder_of(variant.start, made),
            texts,
            pairs,
            folder / ADAPTING,
            folder / ENCODER,
            LateFusionMrr(exam.choosing),
        )
        measuring = setup.settings.measuring
        samples = late_fusion_cells(folder / ENCODER, settings.prefix, exam, measuring)
        shutil.rmtree(folder / ADAPTING)  # checkpoints, three times as large as the encoder
        return Measured(samples, facts | _facts(adapted))

    return Row(
        variant.name,
        f"{variant.title}, frozen",
        make,
        {
            **setup.measured_by,
            "cleaning": setup.settings.cleaning.model_dump(mode="json"),
            "adaptation": settings.model_dump(mode="json"),
        },
        (*setup.inputs, *setup.paths.corpora),
        needs,
        minutes,
    )


def learned_from(
    setup: Setup, variant: Variant, cache: Path
) -> tuple[Texts | None, ParallelTexts | None, Facts]:
    """A variant's single texts, or its pairs, compiled, and what the compiler did."""
    paths, cleaning = setup.paths, setup.settings.cleaning
    if variant.objective == "dae":
        single = single_texts(paths, setup.settings.data.language)
        texts, facts = compiled_texts(single, cleaning, cache)
        return texts, None, facts
    pairs, facts = compiled_pairs(parallel_texts(paths), cleaning, cache)
    return None, pairs, facts


def best_row(setup: Setup) -> Row:
    """The variant that is worth most on the validation day, over again under one name."""
    names = {variant.name: variant.title for variant in VARIANTS}

    def make(folder: Path, made: Mapping[str, Finished]) -> Measured:
        best = max(names, key=lambda name: _worth(made[name]))
        return Measured(made[best].measured.samples, {VARIANT: best, WORTH: _worth(made[best])})

    title = "the best of them on the validation day"
    return Row(BEST, title, make, {}, needs=tuple(names), minutes=0.01)


def adaptation(settings: NaseSettings, variant: Variant) -> Adaptation:
    """The variant's; it reads as many tokens as are measured, so that its worth is as the base's.

    Raises BadRecipe for settings of the row's or the study's own that are set otherwise.
    """
    own = {
        "objective": variant.objective,
        "prefix": settings.prefix,
        "max_tokens": settings.measuring.max_tokens,
    }
    common, default = settings.adaptation, Adaptation()
    if any(getattr(common, name) != getattr(default, name) for name in own):
        raise BadRecipe(f"adaptation has no {', '.join(own)} of its own: rows and study say them")
    return common.model_copy(update=own)


def _worth(finished: Finished) -> float:
    worth = finished.measured.facts[WORTH]
    assert isinstance(worth, float)
    return worth


def _facts(adapted: Adapted) -> Facts:
    """``Adapted.marks`` has the step that was chosen, since there was a choice."""
    worth = {mark.step: mark.worth or 0.0 for mark in adapted.marks}
    facts: Facts = {
        WORTH: round(worth[adapted.chosen], 4),
        "chosen step": adapted.chosen,
        "checkpoints": ", ".join(f"{step}: {found:.4f}" for step, found in worth.items()),
    }
    if adapted.dropped:
        facts["languages dropped for few texts"] = ", ".join(sorted(adapted.dropped))
    return facts
