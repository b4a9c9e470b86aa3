"""Texts cut before they stand in a prompt, so that no prompt loses its end."""

from collections.abc import Mapping

import polars as pl
from tokenizers import Tokenizer

from training.data.news import NewsTable


def shortened(news: NewsTable, tokenizer: Tokenizer, tokens: Mapping[str, int]) -> NewsTable:
    """The news with at most so many tokens of each column, ended where a token ends."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    columns = [
        pl.Series(name, _cut(news.column(name), tokenizer, most)) for name, most in tokens.items()
    ]
    return NewsTable(news.frame.with_columns(columns))


def _cut(texts: list[str], tokenizer: Tokenizer, most: int) -> list[str]:
    encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
    return [
        text[: encoding.offsets[most - 1][1]] if len(encoding.ids) > most else text
        for text, encoding in zip(texts, encodings, strict=True)
    ]
