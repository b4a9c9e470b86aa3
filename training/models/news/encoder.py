"""What every news encoder is: texts that are encoded apart, and how their vectors become one.

The inputs bear the artefact's names (``docs/artefact.md``): ``input_ids`` and ``attention_mask``
of the title; where there is an abstract ``abstract_input_ids`` and ``abstract_attention_mask``;
where categories count ``category_id`` and ``subcategory_id``, 0 for unknown.

Shapes: B batch, T tokens, D dimensions.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from torch import Tensor, nn

from training.models.text import TextEncoder

PREFIX: Final[Mapping[str, str]] = {"title": "", "abstract": "abstract_"}
"""What stands before the names of a text's inputs."""
CATEGORY_INPUTS: Final = ("category_id", "subcategory_id")


Codes = Mapping[str, Tensor]
"""``category_id`` and ``subcategory_id`` (B) where the encoder reads them."""


class NewsEncoder(nn.Module):
    """Titles alone: the vector is the title's. Others override ``combine``."""

    reads_categories: bool = False

    def __init__(self, texts: Mapping[str, TextEncoder], dimension: int) -> None:
        super().__init__()
        self.texts = nn.ModuleDict(texts)
        self.dimension = dimension

    def text_encoders(self) -> Iterator[tuple[str, TextEncoder]]:
        """Each text's name and encoder."""
        for name, encoder in self.texts.items():
            assert isinstance(encoder, TextEncoder)
            yield name, encoder

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of its inputs, in order."""
        of_texts = [
            PREFIX[text] + name for text in self.texts for name in ("input_ids", "attention_mask")
        ]
        return (*of_texts, *(CATEGORY_INPUTS if self.reads_categories else ()))

    def combine(
        self, vectors: Mapping[str, Tensor], present: Mapping[str, Tensor], codes: Codes
    ) -> Tensor:
        """The news vectors (B×D) of each text's vectors (B×·).

        ``present`` (B) says which news have that text at all; ``codes`` are the categories' ids.
        """
        return vectors["title"]

    def forward(self, *inputs: Tensor) -> Tensor:
        """The news vectors (B×D) of the named ``inputs``, in their order."""
        given = dict(zip(self.inputs, inputs, strict=True))
        vectors, present = {}, {}
        for name, text in self.text_encoders():
            mask_BT = given[f"{PREFIX[name]}attention_mask"]
            vectors[name] = text(given[f"{PREFIX[name]}input_ids"], mask_BT)
            present[name] = mask_BT.amax(dim=1)
        return self.combine(
            vectors, present, {name: given[name] for name in CATEGORY_INPUTS if name in given}
        )
