"""What a text, or a pair of texts, is asked, in order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import polars as pl

from training.cleaning import duplicates, script, text
from training.cleaning.report import Reason
from training.cleaning.settings import Cleaning

Check = Callable[[pl.Series], pl.Series]
"""Which of some texts in one language go."""


@dataclass(frozen=True)
class Step:
    """One question to all rows that are left."""

    reason: Reason
    goes: Callable[[pl.DataFrame], pl.Series]


@dataclass(frozen=True)
class Known:
    """What is known of a language: none of it, where it is not."""

    scripts: tuple[str, ...]
    label: str | None
    """What the identifier calls it."""

    @classmethod
    def of(cls, language: str, settings: Cleaning) -> "Known":
        """Raises UnreadableData for what is no language or script."""
        scripts = script.scripts_of(language)
        if not settings.language_check:
            return cls(scripts, None)
        from training.cleaning.language import known_as  # its model takes a second

        return cls(scripts, known_as(language))


def steps(sides: Mapping[str, Known], settings: Cleaning) -> list[Step]:
    """For each reason, a step for each side: a pair goes if either side does.

    ``sides`` are a frame's columns of texts, and what is known of their languages.
    """
    checks = {column: _checks(known, settings) for column, known in sides.items()}
    asked = [
        Step(reason, partial(_of_side, column=column, check=checks[column][reason]))
        for reason in Reason
        for column in sides
        if reason in checks[column]
    ]
    if len(sides) == 1:
        return asked
    source, target = sides
    return [Step(Reason.UNTRANSLATED, partial(_same, source=source, target=target)), *asked]


def _checks(known: Known, settings: Cleaning) -> Mapping[Reason, Check]:
    checks: dict[Reason, Check] = {
        Reason.DAMAGED: text.damaged,
        Reason.FEW_LETTERS: partial(text.has_few_letters, least=settings.least_letters),
        Reason.TOO_LONG: partial(text.too_long, most=settings.most_characters),
        Reason.REPEATED: duplicates.repeats,
        Reason.NEAR_DUPLICATE: partial(
            duplicates.near_duplicates, threshold=settings.threshold, shingle=settings.shingle
        ),
    }
    if known.scripts:
        checks[Reason.OTHER_SCRIPT] = partial(
            script.in_other_script, scripts=known.scripts, share=settings.script_share
        )
    if known.label is not None:
        from training.cleaning.language import in_other_language

        checks[Reason.OTHER_LANGUAGE] = partial(
            in_other_language, label=known.label, odds=settings.language_odds
        )
    return checks


def _of_side(rows: pl.DataFrame, column: str, check: Check) -> pl.Series:
    return check(rows[column])


def _same(rows: pl.DataFrame, source: str, target: str) -> pl.Series:
    return rows[source] == rows[target]
