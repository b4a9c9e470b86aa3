"""What a recipe hands over for export."""

from dataclasses import dataclass, field

from tokenizers import Tokenizer
from torch import nn

from model_store.manifest import Attribution, LateFusion, Lineage, Scoring, Text
from training.encoders.kinds import Pooling


@dataclass(frozen=True)
class TrainedEncoder:
    """All that turns an article into the vector that is scored."""

    module: nn.Module
    """Token ids and mask in, one vector a text out, pooled but not normalised."""
    tokenizer: Tokenizer
    text: Text
    pooling: Pooling
    dimension: int
    normalised: bool


@dataclass(frozen=True)
class Provenance:
    """What the manifest says about an artefact beside what is measured."""

    lineage: Lineage
    attribution: Attribution
    languages: tuple[str, ...] = ()
    scoring: Scoring = field(default_factory=LateFusion)
