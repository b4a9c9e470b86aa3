"""All that the study is made of; what a scale changes stands in ``settings_of``."""

from pathlib import Path
from typing import Final

from pydantic import Field, field_validator

from training.compression.joint import MT_BERT
from training.compression.settings import Depths, FineTuning, Losses, StageOne, Together
from training.post_training.settings import Learning, Masking, PostTraining
from training.recipe import Settings, Training
from training.studies.names import Scale


class Data(Settings):
    """Files and folders, as they are called in the folders of ``--data``."""

    training: str = Field(default="mind-sample/train", description="MIND's or EB-NeRD's format")
    test: str = Field(default="mind-sample/dev", description="of later days")
    pairs: tuple[str, ...] = Field(
        default=(
            "masakhanews/eng/test.tsv",
            "masakhanews/eng/dev.tsv",
            "msn-bodies=msn-bodies/articles.tsv",
            "ag-news=ag-news/test.csv",
            "mind=mind-sample/train",
        ),
        min_length=1,
        description="news with bodies or abstracts, each [LAYOUT=]PATH as post-train takes it",
    )


class Measuring(Settings):
    """What every row is measured on."""

    impressions: int | None = Field(
        default=None, ge=5, description="of the test, evenly over time; null: all"
    )
    texts: int = Field(
        default=500, ge=20, description="titles that an exported encoder reads, against a clock"
    )


class Clicks(Settings):
    """What is learned of clicks, by every row."""

    impressions: int | None = Field(
        default=None, ge=1, description="of the training days but the last, evenly; null: all"
    )
    validation: int | None = Field(
        default=None,
        ge=0,
        description="of the last day, to choose the epoch by; null: all; 0: the last epoch stays",
    )
    title_tokens: int = Field(default=30, ge=2)
    training: Training = FineTuning().training


class Teaching(Settings):
    """How students learn from post-trained and from fine-tuned teachers."""

    learning: Learning = Field(default=Learning(), description="of Stage I")
    stage_one: Losses = Losses()
    stage_two: Losses = Losses()


class TinyNewsRecSettings(Settings):
    """The whole study."""

    encoder: Path | None = Field(default=None, description="required: a Hugging Face folder")
    students: tuple[int, ...] = Field(
        default=(4, 2, 1),
        min_length=1,
        description="their layers; the deepest stand for ablations and for several teachers",
    )
    data: Data = Data()
    measuring: Measuring = Measuring()
    pairs: int | None = Field(
        default=None, ge=2, description="of titles and bodies, evenly over the files; null: all"
    )
    post_training: PostTraining = PostTraining()
    masking: Masking = Field(default=Masking(), description="of DAPT and of TAPT")
    clicks: Clicks = Clicks()
    teaching: Teaching = Teaching()
    tinybert: Depths = Depths()
    newsbert: Together = Together()
    mt_bert: Together = MT_BERT

    @field_validator("students")
    @classmethod
    def _are_depths(cls, students: tuple[int, ...]) -> tuple[int, ...]:
        if min(students) < 1 or list(students) != sorted(set(students), reverse=True):
            raise ValueError("numbers of layers, each once, the deepest first")
        return students

    @property
    def fine_tuning(self) -> FineTuning:
        """Of any news encoder here, whose head is the post-trained one's in form."""
        tower, clicks = self.post_training.tower, self.clicks
        return FineTuning(
            title_tokens=clicks.title_tokens,
            dimension=tower.dimension,
            dropout=tower.dropout,
            training=clicks.training,
        )

    def stage_one(self, layers: int, teaching: Teaching) -> StageOne:
        """Of a student, which reads what its teachers read."""
        return StageOne(
            layers=layers,
            tower=self.post_training.tower,
            negatives=self.post_training.negatives,
            losses=teaching.stage_one,
            learning=teaching.learning,
        )


SMALL: Final = (
    "measuring.impressions=400",
    "measuring.texts=200",
    "pairs=1500",
    "post_training.tower.body_tokens=64",
    "post_training.negatives=4",
    "post_training.save_steps=11",
    "post_training.learning.learning_rate=1e-4",
    "masking.max_tokens=64",
    "masking.learning.learning_rate=5e-5",
    "teaching.learning.learning_rate=1e-4",
    "clicks.impressions=300",
    "clicks.validation=0",
    "clicks.training.epochs=1",
    "clicks.training.batch_size=32",
    "clicks.training.history_length=20",
    "clicks.training.learning_rate=1e-3",
    "clicks.training.transformer_learning_rate=5e-5",
)
"""A sample of everything. Few steps need longer ones: the rates are higher than the paper's."""


def settings_of(scale: Scale) -> TinyNewsRecSettings:
    """The paper's where it says what they are; ``small`` is a sample of everything."""
    full = TinyNewsRecSettings()
    return full.changed(SMALL) if scale == "small" else full
