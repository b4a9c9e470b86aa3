"""All that an adaptation is made of, frozen and typed; it stands beside the weights it made."""

from typing import Literal

from pydantic import Field

from training.recipe import Settings

ObjectiveName = Literal["dae", "mt", "dae+mt"]
"""Restoring damaged texts, translating, or by turns both. The paper's fourth way, DAE→MT, is a run
of ``mt`` that starts from the folder that a run of ``dae`` left.
"""


class Adaptation(Settings):
    """One run; where the paper says what a value is, it is the default."""

    name: str = Field(default="nase", pattern=r"^[a-z0-9][a-z0-9._-]*$")
    seed: int = Field(default=42, ge=0)
    objective: ObjectiveName = "dae"
    deletion: float = Field(default=0.6, ge=0, le=1, description="share of words that are deleted")
    prefix: str | None = Field(
        default=None, description="put before what is read; null: as the folder says"
    )
    max_tokens: int = Field(default=64, ge=3, description="of what is read, and of what is told")
    batch_size: int = Field(default=32, ge=1)
    steps: int = Field(default=20_000, ge=1)
    learning_rate: float = Field(default=3e-5, gt=0, description="constant")
    decoder_learning_rate: float | None = Field(
        default=None, gt=0, description="of what is the decoder's own; null: learning_rate"
    )
    decoder_steps: int = Field(
        default=0, ge=0, description="before all others, of what is the decoder's own alone"
    )
    told_from: Literal["vocabulary", "corpus"] = Field(
        default="vocabulary",
        description="a token is told from the whole vocabulary, or from what the texts hold of it",
    )
    weight_decay: float = Field(default=0.0, ge=0)
    least_texts: int = Field(
        default=101, ge=1, description="a language (or two, of pairs) with fewer is dropped"
    )
    exponent: float = Field(
        default=1 / 3, ge=0, le=1, description="a language of n texts is drawn as often as n to it"
    )
    checkpoint_steps: int = Field(default=1_000, ge=1)
    mixed_precision: Literal["no", "bf16", "fp16"] = "no"
