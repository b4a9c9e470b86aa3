"""Texts to vectors, as many of them as the model gives vectors for."""

import logging
from collections.abc import Mapping, Sequence

from model_store.inputs import NewsInputs
from service.errors import EncodingFailed
from service.pipeline.patience import Patience, endless
from service.ports import Encoder, Vectors
from service.tracing.timeline import part

_log = logging.getLogger(__name__)


async def encode(
    encoder: Encoder,
    news: Sequence[NewsInputs],
    patience: Patience = endless,
    *,
    in_background: bool = False,
) -> Mapping[NewsInputs, Vectors]:
    """The texts' vectors. A text that the model gives none for is left out, which is logged, and
    takes no other with it. Raises Unavailable, what ``patience`` raises, and EncodingFailed where
    it is no single text's fault.
    """
    left = list(dict.fromkeys(news))
    while left:
        try:
            with part("encoder", texts=len(left)):
                vectors_ND = await patience(encoder.encode(left, in_background=in_background))
        except EncodingFailed as error:
            faulty = set(error.positions)
            if not faulty:
                raise
            _log.exception("the model gives no vectors for %d texts: left out", len(faulty))
            left = [given for position, given in enumerate(left) if position not in faulty]
        else:
            return dict(zip(left, vectors_ND, strict=True))
    return {}
