"""What news encoders read of a news table: token ids of its texts, ids of its categories."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from model_store.inputs import label_ids
from model_store.text import render
from training.data.news import NewsTable
from training.data.ragged import Int64
from training.data.tokens import TokenTable, tokenise


@dataclass(frozen=True)
class Vocabularies:
    """The labels that have an id: the first is 1, anything else 0."""

    categories: tuple[str, ...]
    subcategories: tuple[str, ...]

    @classmethod
    def of(cls, news: NewsTable) -> "Vocabularies":
        """Every label of the news, in alphabetical order."""
        return cls(_labels(news.column("category")), _labels(news.column("subcategory")))


@dataclass(frozen=True, eq=False)
class NewsFeatures:
    """Of N news: each text's tokens, and the codes (N) of ``category_id``, ``subcategory_id``."""

    texts: Mapping[str, TokenTable]
    codes: Mapping[str, Int64]

    def __len__(self) -> int:
        return len(self.codes["category_id"])


@dataclass(frozen=True)
class TextSource:
    """How one text of an article is made: the template, and how many tokens are read."""

    template: str
    max_tokens: int


def features_of(
    news: NewsTable,
    tokenizer: Tokenizer,
    texts: Mapping[str, TextSource],
    vocabularies: Vocabularies,
    cache: Path | None = None,
) -> NewsFeatures:
    """Tokenise the news and look their labels up."""
    return NewsFeatures(
        texts={
            name: tokenise(tokenizer, rendered(news, source.template), source.max_tokens, cache)
            for name, source in texts.items()
        },
        codes={
            "category_id": _codes(news.column("category"), vocabularies.categories),
            "subcategory_id": _codes(news.column("subcategory"), vocabularies.subcategories),
        },
    )


def rendered(news: NewsTable, template: str) -> list[str]:
    """Every row's text under the template."""
    return [render(template, fields) for fields in news.fields()]


def _labels(column: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(set(column) - {""}))


def _codes(column: Sequence[str], labels: Sequence[str]) -> Int64:
    code_of = label_ids(labels)
    return np.array([code_of.get(label, 0) for label in column], np.int64)
