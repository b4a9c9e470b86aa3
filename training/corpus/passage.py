"""A text, its language, and where it comes from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passage:
    """One text to learn from. Passages with one ``key`` are translations of one another."""

    kind: str
    """Texts of one kind and language have a style in common: see ``training.distillation``."""
    language: str
    """ISO 639-1, or BCP 47 where that has no code."""
    text: str
    key: str | None = None
