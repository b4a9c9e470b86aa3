"""A recipe: all that a training run is made of, frozen and typed.

``newsstand-train run RECIPE --show`` prints one; ``--set users.heads=16`` changes one value; the
whole of it goes into the artefact's lineage.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from model_store.text import template_fields
from training.encoders.kinds import Pooling, TrainedPooling
from training.errors import BadRecipe

Schedule = Literal["constant", "one_cycle"]
HeadName = Literal["category", "sentiment", "entities"]


class Settings(BaseModel):
    """What a recipe is, and all parts of one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def validated(cls, document: object) -> Self:
        """The settings that a JSON document describes. Raises BadRecipe."""
        try:
            return cls.model_validate_json(json.dumps(document))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the recipe"
            raise BadRecipe(f"{where}: {first['msg']}") from error

    def changed(self, changes: Sequence[str]) -> Self:
        """The same with ``path.to.setting=value`` for each change; values are JSON or text.

        Raises BadRecipe for a setting that there is none of, or a value that does not fit.
        """
        document = self.model_dump(mode="json")
        for change in changes:
            path, equals, value = change.partition("=")
            if not equals:
                raise BadRecipe(f"{change!r} is not of the form path.to.setting=value")
            _set(document, path, _value(value), type(self))
        return self.validated(document)


class Lora(Settings):
    """Low-rank adapters on the trained layers (Hu et al., arXiv 2106.09685), by ``peft``."""

    rank: int = Field(default=16, ge=1)
    alpha: int = Field(default=16, gt=0)
    rank_stabilised: bool = True
    dropout: float = Field(default=0.0, ge=0, lt=1)
    targets: tuple[str, ...] = Field(
        default=("query", "key", "value", "q_proj", "k_proj", "v_proj"),
        description="names of linear layers; one of them must match",
    )


class Transformer(Settings):
    """A Hugging Face folder: an encoder or a causal language model."""

    kind: Literal["transformer"] = "transformer"
    folder: Path | None = Field(default=None, description="required")
    trained_layers: int | None = Field(
        default=0, ge=0, description="so many at the top learn; null: all, embeddings too"
    )
    lora: Lora | None = None


class WordVectors(Settings):
    """Static vectors in GloVe's text format, or random ones where there is no file."""

    kind: Literal["words"] = "words"
    file: Path | None = None
    dimension: int = Field(default=300, ge=1)
    trained: bool = True


class Text(Settings):
    """How texts become vectors."""

    encoder: Annotated[Transformer | WordVectors, Field(discriminator="kind")]
    template: str = Field(default="{title}", description="what is encoded as the title")
    max_tokens: int = Field(default=30, ge=2)
    abstract_template: str = "{abstract}"
    abstract_max_tokens: int = Field(default=50, ge=2)
    pooling: Pooling | TrainedPooling = "attention"
    centred: bool = Field(
        default=False,
        description="pooled, minus the mean at the start, at length 1",
    )
    dimension: int | None = Field(
        default=400, ge=1, description="by a linear layer; null: as pooled, without a layer"
    )
    residual: bool = Field(
        default=False, description="the linear layer adds to the pooled vector, at first nothing"
    )
    dropout: float = Field(default=0.2, ge=0, lt=1)

    @field_validator("template", "abstract_template")
    @classmethod
    def _names_fields(cls, template: str) -> str:
        template_fields(template)
        return template


class Users(Settings):
    """How clicks become a reader."""

    kind: Literal[
        "nrms",
        "additive",
        "additive_per_dimension",
        "inclined",
        "lstur_ini",
        "lstur_con",
        "mean",
        "recency",
        "max",
    ]
    heads: int = Field(default=20, ge=1, description="of NRMS")
    dropout: float = Field(default=0.2, ge=0, lt=1, description="of NRMS")


class Training(Settings):
    """How it is learned."""

    epochs: int = Field(default=5, ge=0)
    patience: int = Field(default=2, ge=1, description="epochs without a better metric")
    metric: str = Field(default="auc", description="of the validation, for stopping and choosing")
    batch_size: int = Field(default=64, ge=1)
    negatives: int = Field(default=4, ge=1, description="of the same impression, for one click")
    history_length: int = Field(default=50, ge=1, le=1000, description="the newest clicks")
    next_clicks: float = Field(
        default=0.0,
        ge=0,
        description="for each click on an impression, so many examples from within histories",
    )
    learning_rate: float = Field(default=1e-4, gt=0)
    transformer_learning_rate: float | None = Field(default=None, gt=0, description="null: same")
    weight_decay: float = Field(default=0.0, ge=0)
    schedule: Schedule = Field(default="constant", description="of the rates, behind the warm-up")
    warm_up: float = Field(default=0.0, ge=0, lt=1, description="share of all steps")
    temperature: float = Field(
        default=1.0, gt=0, description="scores are divided by it in the loss"
    )
    seed: int = Field(default=42, ge=0)
    mixed_precision: Literal["no", "bf16", "fp16"] = "no"


class MultiTask(Settings):
    """What the clicked titles are about, learned beside the clicks (MTRec)."""

    heads: tuple[HeadName, ...] = Field(
        default=("category", "sentiment"), min_length=1, description="columns of the news"
    )
    weight: float = Field(default=0.3, gt=0, description="of the sum of the heads' losses")
    surgery: Literal["none", "symmetric", "main_priority"] = Field(
        default="symmetric", description="on the gradients of the weights that tasks share"
    )

    @field_validator("heads")
    @classmethod
    def _names_each_once(cls, heads: tuple[HeadName, ...]) -> tuple[HeadName, ...]:
        if len(set(heads)) < len(heads):
            raise ValueError("a head is named twice")
        return heads


OPTIONAL: Final[Mapping[str, type[Settings]]] = {"lora": Lora, "multi_task": MultiTask}
"""Parts that a recipe may leave out, by their names."""


class Recipe(Settings):
    """One experiment."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    source: str = Field(description="the paper, or that it is ours")
    text: Text
    news: Literal["title", "naml", "lstur"] = "title"
    users: Users
    multi_task: MultiTask | None = None
    training: Training = Training()


def _set(document: dict[str, Any], path: str, value: object, kind: type[Settings]) -> None:
    *parents, last = path.split(".")
    place = document
    for depth, name in enumerate(parents):
        if name in OPTIONAL and place.get(name, 0) is None:  # left out, and now it is not
            place[name] = OPTIONAL[name]().model_dump(mode="json")
        if _is_free(kind, parents[:depth]) and not isinstance(place.get(name), dict):
            place[name] = {}
        inner = place.get(name)
        if not isinstance(inner, dict):
            raise BadRecipe(f"{path}: there is no {name}; there are {', '.join(place)}")
        place = inner
    if last not in place and not _is_free(kind, parents):
        raise BadRecipe(f"{path}: there is no {last}; there are {', '.join(place)}")
    place[last] = value


def _is_free(kind: Any, parents: Sequence[str]) -> bool:
    """Whether the names there are the user's own: those in a mapping, and what they stand for."""
    for name in parents:
        if get_origin(kind) is dict or name not in getattr(kind, "model_fields", {}):
            break
        kind = kind.model_fields[name].annotation
    return get_origin(kind) is dict


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
