"""A reader's history and vector stay small."""

from bench.reader_bytes import MOST, fill, held, usage
from service.adapters.redis.connection import Connection
from service.adapters.redis.readers import RedisReaders
from tests.contract.conftest import Run
from tests.contract.transfer_stories import RNG


def test_fifty_clicks_and_their_vector_take_at_most_2400_bytes(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        store = RedisReaders(
            connection, model="news-encoder@1", history_length=50, reader_seconds=9_000
        )
        await fill(store, RNG, 0, 20)
        assert held(await usage(connection, range(20))) <= MOST == 2_400

    with_store(story)
