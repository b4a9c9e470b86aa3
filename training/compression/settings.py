"""All that compression is made of, frozen and typed."""

from typing import Literal, Self

from pydantic import Field, model_validator

from training.post_training.settings import Learning, TitleTower
from training.recipe import Settings, Training

Weighing = Literal["adaptive", "equal", "inverse_loss"]


class Scored(Settings):
    """What a student minimises of scores. Each loss can be left out: the papers' ablations."""

    soft_labels: bool = True
    own: bool = Field(
        default=True, description="L_DP or L_FT: what it would learn without teachers"
    )
    own_weight: float = Field(
        default=1.0, gt=0, description="the paper's; its published code has 0.2 in Stage II"
    )
    temperature: float = Field(default=1.0, gt=0, description="T of the soft labels")
    weights: Weighing = "adaptive"

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        if not any(value is True for _, value in self):
            raise ValueError("a student without a loss learns nothing")
        return self


class Losses(Scored):
    """Tiny-NewsRec's, of both stages."""

    embeddings: bool = True


class StageOne(Settings):
    """A student of the first ``layers`` of its teachers, while it is post-trained."""

    layers: int = Field(default=4, ge=1)
    tower: TitleTower = TitleTower()
    negatives: int = Field(default=9, ge=1, description="N: other titles for a body")
    losses: Losses = Losses()
    learning: Learning = Learning()


class FineTuning(Settings):
    """A news encoder's folder, fine-tuned on clicks with an additive user encoder."""

    title_tokens: int = Field(default=30, ge=2)
    dimension: int = Field(default=256, ge=1)
    dropout: float = Field(default=0.2, ge=0, lt=1)
    training: Training = Training(
        history_length=50, negatives=4, learning_rate=1e-4, transformer_learning_rate=2e-5
    )


class Depths(Scored):
    """What TinyBERT and NewsBERT compare inside."""

    attention: bool = True
    states: bool = True


class Together(Settings):
    """Teachers and student that learn at the same time."""

    depths: Depths = Depths(attention=False)
    momentum: float = Field(
        default=0.1, ge=0, lt=1, description="the teachers' part in the student's gradient"
    )
