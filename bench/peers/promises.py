"""What holds of a stack's answers, asked over HTTP: each figure counts what should not be."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from bench.load import Connection
from bench.peers.stack import Stack
from bench.state import reader_id

ARTICLES, STORED_READERS = 5_000, 200
READERS = 30
REREAD = 60
"""So many articles one reader reads: more than a history keeps."""
LONG = 100


async def counted(stack: Stack) -> dict[str, int]:
    """What should not be, in a store that is filled; and the status of an answer without it."""
    with ExitStack() as store, ExitStack() as opened:
        url = store.enter_context(stack.store())
        await stack.fill(url, ARTICLES, STORED_READERS)
        running = opened.enter_context(stack.served(url, core=None, threads=1))
        connection = await Connection.open(running.port)
        found = await _counted(stack, connection)
        store.close()
        head, _ = await connection.answered(stack.recommend(reader_id(0)))
        connection.close()
    return {**found, "status of an answer while the store is gone": int(head[9:12])}


async def _counted(stack: Stack, connection: Connection) -> dict[str, int]:
    asking = _Asking(stack, connection)
    clicked = withdrawn = twice = 0
    for number in range(READERS):
        user_id = reader_id(number)
        before = await asking.recommended(user_id)
        await connection.exchange(stack.click(user_id, before[0]))
        after = await asking.recommended(user_id)
        await connection.exchange(stack.withdraw(after[0]))
        last = await asking.recommended(user_id)
        clicked += before[0] in after
        withdrawn += after[0] in last
        twice += len(set(after)) < len(after)
    again = await asking.read_and_shown_again(reader_id(READERS))
    return {
        f"of {READERS} clicks, shown in the very next answer": clicked,
        f"of {READERS} withdrawals, shown in the very next answer": withdrawn,
        f"of {READERS} answers, with an article twice": twice,
        f"of {REREAD} articles read, shown again": again,
    }


class _Asking:
    def __init__(self, stack: Stack, connection: Connection) -> None:
        self._stack = stack
        self._connection = connection

    async def recommended(self, user_id: str, limit: int = 20) -> Sequence[str]:
        body = await self._connection.exchange(self._stack.recommend(user_id, limit))
        answer: dict[str, Any] = json.loads(body)
        return [item["article_id"] for item in answer["items"]]

    async def read_and_shown_again(self, user_id: str) -> int:
        """A reader reads more than a history keeps, all of it to their taste."""
        read = (await self.recommended(user_id, LONG))[:REREAD]
        for article_id in read:
            await self._connection.exchange(self._stack.click(user_id, article_id))
        return len(set(read).intersection(await self.recommended(user_id, LONG)))
