"""What a recipe hands over for export."""

from dataclasses import dataclass, field

from tokenizers import Tokenizer
from torch import nn

from model_store.manifest import Attribution, LateFusion, Lineage, Pooling, Scoring, Text
from training.export.graph import INPUTS
from training.export.user_graph import TrainedUsers


@dataclass(frozen=True)
class TrainedEncoder:
    """All that turns an article into the vector that is scored."""

    module: nn.Module
    """The named inputs in, one vector an article out, pooled but not normalised."""
    tokenizer: Tokenizer
    text: Text
    pooling: Pooling
    dimension: int
    normalised: bool
    inputs: tuple[str, ...] = INPUTS
    """The names of the module's inputs, in order (``docs/artefact.md``)."""
    abstract: Text | None = None
    categories: tuple[str, ...] = ()
    subcategories: tuple[str, ...] = ()
    users: TrainedUsers | None = None
    """The user encoder, for scoring by attention."""


@dataclass(frozen=True)
class Provenance:
    """What the manifest says about an artefact beside what is measured."""

    lineage: Lineage
    attribution: Attribution
    languages: tuple[str, ...] = ()
    scoring: Scoring = field(default_factory=LateFusion)
