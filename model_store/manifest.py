"""``manifest.json``: all that a reader of an artefact has to know, and how to check its files."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from model_store import layout
from model_store.late_fusion import FusionName

FORMAT_VERSION: Final = 1
INT8_MEAN_COSINE: Final = 0.995
INT8_LOW_COSINE: Final = 0.98

Precision = Literal["fp32", "fp16", "int8"]
Pooling = Literal[
    "cls",
    "mean",
    "last_token",
    "attention",
    "self_attention",
    "convolution",
    "cls_self_attention",
    "cls_convolution",
]
ArtefactName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileEntry(_Part):
    """One file of the artefact."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0, description="bytes")
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


NO_FILE: Final = FileEntry(sha256="0" * 64, size=0)


class Text(_Part):
    """How an article becomes the text that is encoded."""

    template: str = Field(min_length=1, description="fields in braces, such as 'query: {title}'")
    max_tokens: int = Field(ge=2, le=8192)


class LateFusion(_Part):
    """Scoring without a user encoder (NaSE, arXiv 2406.12634)."""

    kind: Literal["late_fusion"] = "late_fusion"
    fusion: FusionName = "mean"
    history_length: int = Field(default=50, ge=1, le=1000, description="newest clicks that count")


class Attention(_Part):
    """Scoring by the exported user encoder's vector."""

    kind: Literal["attention"] = "attention"
    history_length: int = Field(ge=1, le=1000)


Scoring = Annotated[LateFusion | Attention, Field(discriminator="kind")]


class Parity(_Part):
    """How far one precision's vectors lie from torch's, measured before centring."""

    max_absolute_difference: float = Field(ge=0)
    min_cosine: float
    mean_cosine: float
    low_cosine: float = Field(description="the 0.1 percentile")
    texts: int = Field(ge=1)


class Lineage(_Part):
    """Where the artefact comes from."""

    recipe: str
    settings: dict[str, JsonValue] = {}
    data: dict[str, int] = Field(default={}, description="name of a data set → number of texts")
    seed: int | None = None
    metrics: dict[str, JsonValue] = {}


class Attribution(_Part):
    """Whose work is inside, and under which licence."""

    weights: str
    weights_license: str
    texts: str = ""
    texts_license: str = ""


class Manifest(_Part):
    """An artefact's description. Field names are the file's."""

    format_version: int
    name: ArtefactName
    version: int = Field(ge=1)
    created_at: datetime
    text: Text
    abstract: Text | None = Field(default=None, description="where the encoder reads one apart")
    pooling: Pooling
    dimension: int = Field(ge=1)
    normalised: bool
    languages: tuple[str, ...] = Field(default=(), description="ISO 639-1; empty: not stated")
    scoring: Scoring
    files: dict[str, FileEntry]
    categories: tuple[str, ...] = Field(default=(), description="id 1, 2, …; unknown is 0")
    subcategories: tuple[str, ...] = ()
    parity: dict[Precision, Parity] = Field(description="of each precision that there is")
    lineage: Lineage
    attribution: Attribution

    @model_validator(mode="after")
    def _names_what_it_needs(self) -> Self:
        needed = {layout.TOKENIZER, layout.CARD, *map(layout.news_encoder, self.parity)}
        if self.scoring.kind == "attention":
            needed.add(layout.USER_ENCODER)
            if "long_term" in self.files.get(layout.USER_ENCODER, NO_FILE).inputs:
                needed.add(layout.LONG_TERM_USERS)
        if missing := sorted(needed - self.files.keys()):
            raise ValueError(f"files are not listed: {', '.join(missing)}")
        if not self.parity:
            raise ValueError("there is no news encoder in any precision")
        if any("/" in name or "\\" in name or name.startswith(".") for name in self.files):
            raise ValueError("a file name leads out of the artefact's folder")
        return self

    @property
    def reference(self) -> str:
        """``name@version``, as every answer of the service states it."""
        return f"{self.name}@{self.version}"

    def best_precision(self, device: str) -> Precision:
        """The precision to run on ``device`` (``cpu`` or ``cuda``), of those that there are.

        On a GPU fp16, else fp32, else int8. On a CPU int8 where its vectors are close enough to
        torch's (mean cosine ≥ 0.995 and 0.1 percentile ≥ 0.98), else fp32, else fp16; an int8
        that is not so close only where it is alone.
        """
        wanted: tuple[Precision, ...]
        if device == "cuda":
            wanted = ("fp16", "fp32", "int8")
        elif self._int8_is_close():
            wanted = ("int8",)
        else:
            wanted = ("fp32", "fp16", "int8")
        return next(precision for precision in wanted if precision in self.parity)

    def _int8_is_close(self) -> bool:
        int8 = self.parity.get("int8")
        return (
            int8 is not None
            and int8.mean_cosine >= INT8_MEAN_COSINE
            and int8.low_cosine >= INT8_LOW_COSINE
        )
