"""All that the study is made of; what a scale changes stands in ``settings_of``."""

from pathlib import Path
from typing import Final

from pydantic import Field

from training.adaptation.settings import Adaptation
from training.cleaning.settings import Cleaning
from training.recipe import Settings
from training.studies.names import Scale


class Data(Settings):
    """Files and folders, as they are called in the folders of ``--data``."""

    training: str = Field(default="mind-sample/train", description="MIND's or EB-NeRD's format")
    test: str = Field(default="mind-sample/dev", description="of later days")
    language: str = Field(default="en", description="what both logs are written in")
    translations: dict[str, tuple[str, ...]] = Field(
        default={"zh": ("xmind-sample/cmn/news.tsv",)},
        min_length=1,
        description="xMIND files, by language",
    )
    ntrex: str = Field(default="ntrex-128", description="parallel sentences, by document")
    articles: tuple[str, ...] = Field(
        default=("masakhanews/eng/dev.tsv", "masakhanews/eng/test.tsv"),
        description="tables of titles and bodies in the logs' language",
    )
    texts: tuple[str, ...] = Field(default=(), description="as PolyNews keeps them")
    pairs: tuple[str, ...] = Field(default=(), description="as PolyNewsParallel keeps them")


class Measuring(Settings):
    """What every row is measured on."""

    impressions: int | None = Field(
        default=None, ge=5, description="of the test, evenly over time; null: all"
    )
    sentences: int | None = Field(
        default=None, ge=2, description="held out for retrieval, evenly; null: all"
    )
    history_length: int = Field(default=50, ge=1, description="the newest clicks")
    centring: int = Field(
        default=20_000, ge=2, description="titles of the training days whose mean is the centre"
    )
    max_tokens: int = Field(default=64, ge=3, description="of a title, in every row")


class Choosing(Settings):
    """How the best checkpoint, and the best variant, are chosen: by the last day of training."""

    impressions: int | None = Field(default=None, ge=1, description="of that day; null: all")


class Recommenders(Settings):
    """The trained recommenders beside late fusion."""

    impressions: int | None = Field(
        default=None, ge=1, description="of the training days, evenly; null: all"
    )
    few: int = Field(
        default=200, ge=1, description="impressions that few-shot training has in translation"
    )
    epochs: int = Field(default=8, ge=1)
    fine_tuning_epochs: int = Field(default=3, ge=1)
    trained_layers: int | None = Field(
        default=4, ge=1, description="of the encoder, where it is fine-tuned; null: all"
    )
    batch_size: int = Field(default=64, ge=1)
    seed: int = Field(default=42, ge=0)
    changes: dict[str, tuple[str, ...]] = Field(
        default={}, description="further changes of a recipe: nrms, naml or lstur"
    )


class NaseSettings(Settings):
    """The whole study."""

    encoder: Path | None = Field(default=None, description="required: a Hugging Face folder")
    prefix: str | None = Field(
        default=None, description="put before every text; null: as the folder says"
    )
    data: Data = Data()
    measuring: Measuring = Measuring()
    choosing: Choosing = Choosing()
    cleaning: Cleaning = Cleaning()
    adaptation: Adaptation = Adaptation()
    recommenders: Recommenders = Recommenders()


SMALL: Final = (
    "measuring.impressions=150",
    "measuring.sentences=60",
    "measuring.centring=1000",
    "measuring.max_tokens=32",
    "choosing.impressions=100",
    "adaptation.steps=90",
    "adaptation.decoder_steps=90",
    "adaptation.decoder_learning_rate=1e-3",
    "adaptation.told_from=corpus",
    "adaptation.batch_size=16",
    "adaptation.checkpoint_steps=45",
    "recommenders.impressions=300",
    "recommenders.few=60",
    "recommenders.epochs=4",
    "recommenders.fine_tuning_epochs=1",
    "recommenders.trained_layers=1",
)


def settings_of(scale: Scale) -> NaseSettings:
    """The paper's where it says what they are; ``small`` is a sample of everything."""
    full = NaseSettings()
    return full.changed(SMALL) if scale == "small" else full
