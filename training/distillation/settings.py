"""All that a distillation is made of, frozen and typed; it goes into the artefact's lineage."""

from typing import Literal, Self

from pydantic import Field, NonNegativeInt, model_validator

from training.corpus.compiled import Shares
from training.recipe import Settings


class Vocabulary(Settings):
    """Which of the teacher's pieces the student keeps."""

    pieces: int = Field(default=80_000, ge=1_000)
    english: float = Field(default=4.0, gt=0, description="English counts as so many languages")
    words: float = Field(
        default=0.4, ge=0, le=1, description="weight of general word lists; the rest: the corpus"
    )


class Student(Settings):
    """What is cut out of the teacher."""

    layers: tuple[NonNegativeInt, ...] = Field(default=(0, 2, 10), min_length=1)
    feed_forward: int = Field(default=1_024, ge=1, description="neurons kept in each layer")
    positions: int = Field(default=130, ge=4)
    max_tokens: int = Field(default=64, ge=2)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.max_tokens > self.positions:
            raise ValueError(f"{self.max_tokens} tokens need as many positions")
        if list(self.layers) != sorted(set(self.layers)):
            raise ValueError("layers must rise")
        return self


class Targets(Settings):
    """What is to be learned."""

    second: float = Field(
        default=1.0, ge=0, description="weight of the second teacher, which reads English"
    )
    dimension: int = Field(default=384, ge=1)
    translations: bool = Field(
        default=True, description="a translation's target lies between its own and the original's"
    )
    by_kind: bool = Field(
        default=True, description="each kind and language minus its own mean, not one for all"
    )


class Learning(Settings):
    """How it is learned."""

    epochs: int = Field(default=4, ge=1)
    batch_size: int = Field(default=256, ge=2)
    learning_rate: float = Field(default=2e-3, gt=0)
    warm_up: int = Field(default=60, ge=1, description="steps")
    last_rate: float = Field(default=0.02, ge=0, le=1, description="of the learning rate")
    weight_decay: float = Field(default=0.01, ge=0)
    gradient_norm: float = Field(default=1.0, gt=0)
    relational: float = Field(
        default=20.0, ge=0, description="weight of the loss between a batch's similarities"
    )
    mixed_precision: Literal["no", "bf16", "fp16"] = "no"


class Distillation(Settings):
    """A whole distillation."""

    name: str = "newsstand-mini"
    seed: int = Field(default=7, ge=0)
    corpus: Shares = Shares()
    vocabulary: Vocabulary = Vocabulary()
    student: Student = Student()
    targets: Targets = Targets()
    learning: Learning = Learning()
