"""What a news encoder is given of an article. Both sides make it here, so they agree."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from model_store.manifest import Manifest
from model_store.text import render

DIGEST_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class NewsInputs:
    """The text, and what only some encoders read: the abstract, and the categories' ids.

    An abstract that is empty is absent; the id of an unknown category is 0.
    """

    text: str
    abstract: str = ""
    category_id: int = 0
    subcategory_id: int = 0

    def digest(self) -> bytes:
        """What tells two articles apart that are encoded differently: 16 bytes."""
        known, kind = self.text, b""
        if self.abstract or self.category_id or self.subcategory_id:
            views = (self.text, self.abstract, self.category_id, self.subcategory_id)
            known, kind = repr(views), b"views"  # no text can be taken for several views
        return hashlib.blake2b(known.encode(), digest_size=DIGEST_BYTES, person=kind).digest()


class ArticleReader:
    """Articles to inputs. Without an abstract's template abstracts are not read."""

    def __init__(
        self,
        template: str,
        abstract: str | None = None,
        categories: Sequence[str] = (),
        subcategories: Sequence[str] = (),
    ) -> None:
        self._template, self._abstract = template, abstract
        self._categories, self._subcategories = label_ids(categories), label_ids(subcategories)

    @classmethod
    def of(cls, manifest: Manifest) -> "ArticleReader":
        """As an artefact's manifest says."""
        abstract = manifest.abstract.template if manifest.abstract else None
        return cls(manifest.text.template, abstract, manifest.categories, manifest.subcategories)

    def read(self, article: Mapping[str, str | None]) -> NewsInputs:
        """The inputs of an article's fields (``model_store.text.FIELDS``)."""
        return NewsInputs(
            text=render(self._template, article),
            abstract=render(self._abstract, article) if self._abstract else "",
            category_id=self._categories.get(article.get("category") or "", 0),
            subcategory_id=self._subcategories.get(article.get("subcategory") or "", 0),
        )


def label_ids(vocabulary: Sequence[str]) -> dict[str, int]:
    """Each label's id: the first one's is 1, and 0 is for all that are unknown."""
    return {label: number for number, label in enumerate(vocabulary, 1)}
