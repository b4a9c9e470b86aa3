"""The obvious hand-made recommender: FastAPI, sentence-transformers, FAISS, histories in Redis.

What a good engineer writes in an afternoon, and no worse: batches are encoded at once, articles
are durable before they are acknowledged, the index comes back after a restart, what was clicked or
withdrawn is left out. It runs in an environment of its own:

    python3.11 -m venv bench/out/peers/handmade
    bench/out/peers/handmade/bin/pip install -r bench/peers/handmade.txt
"""

import argparse
import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import faiss
import numpy as np
import redis.asyncio as redis
import torch
import uvicorn
from fastapi import APIRouter, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer

HISTORY = 50
SPARE = 50
"""So many more are searched for than the page and the history need, for what is left out."""
LOADED_AT_ONCE = 5_000
ARTICLES = "articles"

router = APIRouter()


class Article(BaseModel):
    article_id: str
    title: str
    category: str | None = None


class Click(BaseModel):
    user_id: str
    article_id: str


class Wanted(BaseModel):
    user_id: str
    limit: int = 10


class Item(BaseModel):
    article_id: str
    rank: int
    score: float


class Recommended(BaseModel):
    user_id: str
    items: list[Item]


class Recommender:
    """Everything the requests share."""

    def __init__(self, model: SentenceTransformer, index: faiss.Index, store: redis.Redis) -> None:
        self.model = model
        self.index = index
        self.store = store
        self.ids: list[str] = []
        self.rows: dict[str, int] = {}
        self.lock = asyncio.Lock()

    async def load(self) -> None:
        """Bring back what was stored."""
        ids = sorted(one.decode() for one in await self.store.smembers(ARTICLES))
        for first in range(0, len(ids), LOADED_AT_ONCE):
            piece = ids[first : first + LOADED_AT_ONCE]
            async with self.store.pipeline(transaction=False) as pipe:
                for article_id in piece:
                    pipe.hget(f"article:{article_id}", "vector")
                found = await pipe.execute()
            self.remember(piece, np.stack([np.frombuffer(one, np.float32) for one in found]))

    def remember(self, ids: Sequence[str], vectors: np.ndarray) -> None:
        """Make articles searchable; the same id again takes the place of the former."""
        self.index.add(vectors)
        for article_id in ids:
            self.rows[article_id] = len(self.ids)
            self.ids.append(article_id)

    async def add(self, articles: Sequence[Article]) -> None:
        """Encode, store, make searchable."""
        titles = [article.title for article in articles]
        async with self.lock:
            vectors = await run_in_threadpool(self.encode, titles)
            async with self.store.pipeline() as pipe:
                for article, vector in zip(articles, vectors, strict=True):
                    fields = {"title": article.title, "vector": vector.tobytes()}
                    pipe.hset(f"article:{article.article_id}", mapping=fields)
                    pipe.sadd(ARTICLES, article.article_id)
                await pipe.execute()
            self.remember([article.article_id for article in articles], vectors)

    def encode(self, titles: list[str]) -> np.ndarray:
        """Vectors of length 1."""
        return self.model.encode(titles, normalize_embeddings=True, show_progress_bar=False)

    async def recommend(self, wanted: Wanted) -> list[Item]:
        """The mean of the history, searched for; what was read is left out."""
        clicks = [one.decode() for one in await self.store.lrange(_key(wanted.user_id), 0, -1)]
        rows = [self.rows[article_id] for article_id in clicks if article_id in self.rows]
        if not rows:
            return []
        query = self.index.reconstruct_batch(rows).mean(axis=0, keepdims=True)
        scores, found = self.index.search(query, wanted.limit + len(rows) + SPARE)
        read, items = set(clicks), list[Item]()
        for row, score in zip(found[0], scores[0], strict=True):
            article_id = self.ids[row] if row >= 0 else None
            if article_id is None or article_id in read or self.rows.get(article_id) != row:
                continue
            items.append(Item(article_id=article_id, rank=len(items) + 1, score=float(score)))
            if len(items) == wanted.limit:
                break
        return items


@router.put("/articles/{article_id}", status_code=201)
async def put(article_id: str, article: Article, request: Request) -> dict[str, str]:
    await request.app.state.recommender.add([article])
    return {"status": "created"}


@router.post("/articles")
async def post(articles: list[Article], request: Request) -> dict[str, int]:
    await request.app.state.recommender.add(articles)
    return {"accepted": len(articles)}


@router.delete("/articles/{article_id}", status_code=204)
async def delete(article_id: str, request: Request) -> None:
    recommender = request.app.state.recommender
    await recommender.store.srem(ARTICLES, article_id)
    recommender.rows.pop(article_id, None)


@router.post("/events")
async def click(clicks: list[Click], request: Request) -> dict[str, int]:
    async with request.app.state.recommender.store.pipeline() as pipe:
        for one in clicks:
            pipe.lpush(_key(one.user_id), one.article_id)
            pipe.ltrim(_key(one.user_id), 0, HISTORY - 1)
        await pipe.execute()
    return {"accepted": len(clicks)}


@router.post("/recommend", response_model=Recommended)
async def recommend(wanted: Wanted, request: Request) -> Recommended:
    items = await request.app.state.recommender.recommend(wanted)
    return Recommended(user_id=wanted.user_id, items=items)


def _key(user_id: str) -> str:
    return f"history:{user_id}"


def _index(kind: str, dimension: int) -> Any:
    if kind == "flat":
        return faiss.IndexFlatIP(dimension)
    index = faiss.IndexHNSWFlat(dimension, 32, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efSearch = 128
    return index


def main() -> None:
    """Serve on a free port and say which."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a sentence-transformers folder")
    parser.add_argument("--redis-url", required=True)
    parser.add_argument("--index", choices=("flat", "hnsw"), default="hnsw")
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    faiss.omp_set_num_threads(options.threads)
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        model = SentenceTransformer(options.model, device="cpu", local_files_only=True)
        index = _index(options.index, model.encode(["a"]).shape[1])
        store = redis.from_url(options.redis_url)
        app.state.recommender = Recommender(model, index, store)
        await app.state.recommender.load()
        port = listening.getsockname()[1]
        print(f"ready on http://127.0.0.1:{port}", file=sys.stderr, flush=True)
        yield
        await store.aclose()

    app = FastAPI(lifespan=lifespan)
    app.include_router(router)
    config = uvicorn.Config(app, log_level="warning", access_log=False)
    uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    main()
