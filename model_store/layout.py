"""The names of an artefact's files, in one place."""

from typing import Final

MANIFEST: Final = "manifest.json"
TOKENIZER: Final = "tokenizer.json"
USER_ENCODER: Final = "user_encoder.onnx"
LONG_TERM_USERS: Final = "long_term_users.npz"
CARD: Final = "card.md"

ALIASES: Final = "aliases.json"
STAGING_PREFIX: Final = ".staging-"
"""A folder with this prefix is a version being written, or what a crash left of one."""


def news_encoder(precision: str) -> str:
    """The news encoder's file name at ``precision`` (``fp32``, ``fp16`` or ``int8``)."""
    return f"news_encoder.{precision}.onnx"
