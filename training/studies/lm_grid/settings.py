"""All that the study is made of; what a scale changes stands in ``settings_of``."""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from training.recipe import Lora, Settings
from training.studies.names import Scale

Architecture = Literal["naml", "nrms", "lstur"]
Reading = Literal["states", "pooled", "centred"]
"""What recommenders are given of a text: its tokens' states, which they pool themselves; the vector
that the encoder pools by itself; or that vector minus the mean of the training news."""
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$")]


def _encoder(told: object) -> object:
    """A folder stands for an encoder of which no more is said."""
    return {"folder": told} if isinstance(told, str) else told


class Encoder(Settings):
    """A Hugging Face folder: an encoder, or a causal language model."""

    folder: Path
    prefix: str | None = Field(
        default=None, description="put before every text; null: as the folder says"
    )
    prompt: str = Field(
        default="This news: {text} means in one word:",
        pattern=r"\{text\}",
        description="around every text of a causal model",
    )


class Words(Settings):
    """The static vectors."""

    file: Path | None = Field(
        default=None, description="GloVe's format; null: learned from the training news"
    )
    dimension: int = Field(default=300, ge=1)


class TwoStep(Settings):
    """How a causal model is fine-tuned before its vectors are precomputed."""

    lora: Lora = Lora()
    layers: int | None = Field(
        default=None, ge=1, description="so many at the top have adapters; null: all"
    )


class Sweep(Settings):
    """Fine-tuning of more and more top layers."""

    encoder: str | None = Field(default=None, description="its name; null: the first encoder")
    depths: tuple[int, ...] | None = Field(
        default=None, description="top layers that learn; null: 0, 2, 4 and so on to all"
    )


class Data(Settings):
    """Folders, as they are called in the folders of ``--data``."""

    training: str = Field(default="mind-sample/train", description="MIND's or EB-NeRD's format")
    test: str = Field(default="mind-sample/dev", description="of later days")


class Measuring(Settings):
    """What every row reads, and is measured on."""

    impressions: int | None = Field(
        default=None, ge=5, description="of the test, evenly over time; null: all"
    )
    history_length: int = Field(default=50, ge=1, description="the newest clicks")
    title_tokens: int = Field(default=20, ge=3, description="with its prefix; not with its prompt")
    abstract_tokens: int = Field(default=50, ge=3)
    encoded: int = Field(default=1024, ge=1, description="news, to see how fast they are encoded")


class Learning(Settings):
    """How every row learns."""

    impressions: int | None = Field(
        default=None, ge=1, description="of the training days, evenly; null: all"
    )
    choosing: int | None = Field(
        default=None, ge=1, description="impressions of the day that chooses; null: all"
    )
    epochs: int = Field(default=50, ge=1, description="at most")
    fine_tuning_epochs: int | None = Field(
        default=None, ge=1, description="at most, where a transformer learns; null: as many"
    )
    patience: int = Field(default=5, ge=1, description="epochs without a better AUC")
    batch_size: int = Field(default=64, ge=1)
    learning_rate: float = Field(default=1e-4, gt=0)
    transformer_learning_rate: float = Field(default=2e-5, gt=0)
    layers: int | None = Field(
        default=None,
        ge=1,
        description="of fine-tuned encoders; null: the share that the paper found best",
    )
    seed: int = Field(default=42, ge=0)
    changes: dict[Architecture, tuple[str, ...]] = Field(
        default={}, description="further changes of an architecture's recipe"
    )


class LmGridSettings(Settings):
    """The whole study."""

    encoders: dict[Name, Annotated[Encoder, BeforeValidator(_encoder)]] = Field(
        default={}, description="required: folders by the names that rows have"
    )
    words: Words = Words()
    architectures: tuple[Architecture, ...] = Field(default=("naml", "nrms", "lstur"), min_length=1)
    reading: Reading = "states"
    two_step: TwoStep = TwoStep()
    sweep: Sweep = Sweep()
    data: Data = Data()
    measuring: Measuring = Measuring()
    learning: Learning = Learning()


SMALL: Final = (
    "words.dimension=100",
    "reading=centred",
    "two_step.layers=2",
    "measuring.impressions=500",
    "measuring.history_length=20",
    "measuring.abstract_tokens=30",
    "measuring.encoded=128",
    "learning.impressions=1000",
    "learning.choosing=150",
    "learning.epochs=8",
    "learning.fine_tuning_epochs=2",
    "learning.patience=3",
    "learning.learning_rate=3e-4",
    "learning.layers=2",
)


def settings_of(scale: Scale) -> LmGridSettings:
    """The paper's where it says what they are; ``small`` is a sample of everything."""
    full = LmGridSettings()
    return full.changed(SMALL) if scale == "small" else full
