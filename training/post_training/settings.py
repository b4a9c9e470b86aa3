"""All that post-training is made of, frozen and typed."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from training.recipe import Settings, Text, Transformer


class Learning(Settings):
    """How it is learned."""

    epochs: int = Field(default=1, ge=1)
    batch_size: int = Field(default=32, ge=1)
    learning_rate: float = Field(default=1e-5, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    warm_up: float = Field(default=0.0, ge=0, lt=1, description="share of all steps")
    checkpoint_steps: int = Field(
        default=200, ge=1, description="so often all is kept that going on needs"
    )
    seed: int = Field(default=42, ge=0)
    mixed_precision: Literal["no", "bf16", "fp16"] = "no"


class TitleTower(Settings):
    """The news encoder: a transformer, attention over its tokens, a linear layer."""

    dimension: int = Field(default=256, ge=1)
    dropout: float = Field(default=0.2, ge=0, lt=1, description="before the linear layer")
    title_tokens: int = Field(default=24, ge=2)
    body_tokens: int = Field(default=512, ge=2)

    def over(self, folder: Path) -> Text:
        """The text encoder over a Hugging Face folder, all of which learns."""
        return Text(
            encoder=Transformer(folder=folder, trained_layers=None),
            max_tokens=self.title_tokens,
            abstract_max_tokens=self.body_tokens,
            pooling="attention",
            dimension=self.dimension,
            dropout=self.dropout,
        )


class PostTraining(Settings):
    """Domain-specific post-training: a body, its title, and titles of other news."""

    tower: TitleTower = TitleTower()
    negatives: int = Field(default=9, ge=1, description="N: other titles for a body")
    save_steps: int = Field(default=500, ge=1, description="K: so often a copy is kept")
    copies: int = Field(default=4, ge=1, description="M: the last so many stay")
    learning: Learning = Learning()


class Masking(Settings):
    """Masked language modelling (Devlin et al., BERT, 2019): DAPT on news, TAPT on the task's."""

    share: float = Field(default=0.15, gt=0, lt=1, description="of the tokens is to be guessed")
    hidden: float = Field(default=0.8, ge=0, le=1, description="of these: the mask stands there")
    swapped: float = Field(default=0.1, ge=0, le=1, description="of these: some other token does")
    max_tokens: int = Field(default=512, ge=2)
    learning: Learning = Learning()
