"""A model that is loaded: how callers see it, and how the engine's threads do.

Shapes: B batch, D dimensions.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from model_store.artefact import Artefact
from model_store.errors import Damaged
from model_store.inputs import NewsInputs
from model_store.news_encoder import NewsEncoder
from model_store.sessions import Float32
from model_store.tokens import NewsTokens
from service.encoding.demand import Text
from service.encoding.pace import Pace, characters
from service.ports import Vectors

Ask = Callable[["LoadedEncoder", Sequence[NewsInputs], bool], Awaitable[Vectors]]


@dataclass(frozen=True, eq=False, slots=True)
class LoadedEncoder:
    """The encoder port: what callers hold on to. It keeps no memory once it is unloaded."""

    reference: str
    dimension: int
    precision: str
    _ask: Ask

    async def encode(self, news: Sequence[NewsInputs], *, in_background: bool = False) -> Vectors:
        """See ``ports.Encoder``."""
        return await self._ask(self, news, in_background)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model's works, which all threads share, and their pace."""

    encoder: NewsEncoder
    pace: Pace

    @classmethod
    def of(cls, artefact: Artefact, encoder: NewsEncoder) -> Self:
        """The artefact's encoder, warm: each batch that it names has run once, the fullest last.

        Of all-MiniLM-L6 on one core these are two batches and 0.4 s in fp32, 0.2 s in int8: there
        a new length costs nothing, and only the fullest batch takes memory, 70 MB.
        """
        abstract = artefact.manifest.abstract
        most = artefact.manifest.text.max_tokens + (abstract.max_tokens if abstract else 0)
        loaded = cls(encoder, Pace(most))
        for blank in encoder.blanks():
            loaded._run(blank)
        return loaded

    def tokenise(self, texts: Sequence[Text]) -> None:
        """Give each text its tokens and its shape."""
        tokens = self.encoder.tokens([text.news for text in texts])
        for text, its in zip(texts, tokens, strict=True):
            text.tokens, text.shape = its, self.encoder.shape(its)
        read = sum(sum(text.shape) for text in texts)
        self.pace.read(sum(characters(text.news) for text in texts), read)

    def vectors(self, texts: Sequence[Text]) -> Vectors:
        """The vectors (B×D) of tokenised texts of one shape. Raises Damaged."""
        found_BD = self._run([text.tokens for text in texts if text.tokens is not None])
        if found_BD.shape != (len(texts), self.encoder.dimension):
            raise Damaged(f"{len(texts)} texts gave vectors of shape {found_BD.shape}")
        with np.errstate(over="ignore"):
            vectors_BD = found_BD.astype(np.float16)
        if not np.isfinite(vectors_BD).all():
            raise Damaged(f"a batch of {len(texts)} texts gave vectors that are not finite")
        return vectors_BD

    def _run(self, tokens: Sequence[NewsTokens]) -> Float32:
        began = time.perf_counter()
        found_BD = self.encoder.run(tokens)
        together = len(tokens) * sum(self.encoder.shape(tokens[0]))
        self.pace.ran(together, time.perf_counter() - began)
        return found_BD
