"""Vectors of the device against the CPU's, and texts a second against bare ONNX Runtime.

Both are given tokens, sorted by length, in batches of the same size. Bare ONNX Runtime pads a batch
to its longest text and takes arrays from and to the CPU's memory; ours does what the service does.
"""

import asyncio
import time
from collections.abc import Sequence

import numpy as np

from bench.gpus.job import Job
from model_store import layout
from model_store.batching import Buckets
from model_store.news_encoder import NewsEncoder
from model_store.sessions import open_session
from model_store.tokens import NewsTokens, batches, padded
from service.encoding.engine import Engine

SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
FEWEST_BATCHES = 20
CALLS_OF = 500
CALLS_AT_ONCE = 8


def parity(job: Job) -> dict[str, object]:
    """How far each precision's vectors on the device lie from fp32's in exact batches on the CPU.

    Raises SystemExit where fp32 is not what it is on the CPU.
    """
    on_cpu_ND = NewsEncoder(job.artefact, "fp32").encode(job.news)
    found = {}
    for precision in job.artefact.manifest.parity:
        if precision == "int8" and job.device == "cuda":
            continue
        vectors_ND = _encoder(job, precision).encode(job.news)
        lengths_N = np.linalg.norm(on_cpu_ND, axis=1) * np.linalg.norm(vectors_ND, axis=1)
        cosine_N = (on_cpu_ND * vectors_ND).sum(axis=1) / lengths_N
        found[precision] = {
            "mean_cosine": float(cosine_N.mean()),
            "least_cosine": float(cosine_N.min()),
            "largest_difference": float(np.abs(on_cpu_ND - vectors_ND).max()),
        }
    if not found["fp32"]["largest_difference"] <= 1e-4:
        raise SystemExit(f"fp32 on {job.device} is not what it is on the CPU: {found}")
    return dict(found)


def throughput(job: Job) -> dict[str, object]:
    """Texts a second by batch size, ours and bare, and through the engine with all that it does."""
    encoder = _encoder(job, job.precision)
    for blank in encoder.blanks():
        encoder.run(blank)
    tokens = sorted(encoder.tokens(job.news), key=lambda item: item.shape)
    bare, ours = {}, {}
    for size in SIZES:
        some = tokens[:: max(1, len(tokens) // (size * FEWEST_BATCHES))]
        bare[size] = _bare(job, some, size)
        ours[size] = _ours(encoder, some, size)
    return {
        "bare_by_batch_size": bare,
        "ours_by_batch_size": ours,
        "best_against_best": max(ours.values()) / max(bare.values()),
        "engine_with_tokenising": asyncio.run(_engine(job)),
    }


def _encoder(job: Job, precision: str) -> NewsEncoder:
    """As on a GPU, also where there is none: then the same shapes are bound on the CPU."""
    buckets = Buckets.of(job.artefact.manifest)
    return NewsEncoder(job.artefact, precision, device=job.device, buckets=buckets)  # type: ignore[arg-type]


def _bare(job: Job, tokens: Sequence[NewsTokens], size: int) -> float:
    path = job.artefact.path(layout.news_encoder(job.precision))
    session = open_session(path, job.device)
    names = [given.name for given in session.get_inputs()]
    batches_of = [padded(tokens[first : first + size]) for first in range(0, len(tokens), size)]
    given = [{name: batch[name] for name in names} for batch in batches_of]
    session.run(None, given[-1])
    started = time.perf_counter()
    for batch in given:
        session.run(None, batch)
    return len(tokens) / (time.perf_counter() - started)


def _ours(encoder: NewsEncoder, tokens: Sequence[NewsTokens], size: int) -> float:
    shapes = [encoder.shape(item) for item in tokens]
    rows_of = list(batches(shapes, lambda shape: min(size, encoder.size(shape))))
    given = [[tokens[row] for row in rows] for rows in rows_of]
    started = time.perf_counter()
    for batch in given:
        encoder.run(batch)
    return len(tokens) / (time.perf_counter() - started)


async def _engine(job: Job) -> float:
    engine = Engine(job.device, 0)
    try:
        encoder = await engine.load(job.artefact)
        waiting = iter([job.news[i : i + CALLS_OF] for i in range(0, len(job.news), CALLS_OF)])

        async def caller() -> None:
            for news in waiting:
                await encoder.encode(news)

        started = time.perf_counter()
        await asyncio.gather(*(caller() for _ in range(CALLS_AT_ONCE)))
        return len(job.news) / (time.perf_counter() - started)
    finally:
        engine.close()
