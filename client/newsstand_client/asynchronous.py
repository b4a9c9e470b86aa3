"""The client for code that does something else meanwhile (asyncio)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, Unpack

import httpx

from newsstand_client import errands
from newsstand_client.address import Address
from newsstand_client.call import Call, Errand, described
from newsstand_client.lists import Recommendation, Wishes
from newsstand_client.patience import Patience, Tries

P = ParamSpec("P")
T = TypeVar("T")


def _method(
    errand: Callable[P, Errand[T]],
) -> Callable[Concatenate["AsyncNewsstand", P], Coroutine[Any, Any, T]]:
    async def carried_out(self: "AsyncNewsstand", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._carry_out(errand(*args, **kwargs))

    return described(carried_out, errand)


class AsyncNewsstand:
    """``Newsstand`` with coroutines: what is said there holds here."""

    def __init__(
        self,
        url: str | None = None,
        *,
        api_key: str | None = None,
        timeout: float = 10.0,
        encoding_timeout: float = 180.0,
        patience: Patience | None = None,
        http: httpx.AsyncClient | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._address = Address.of(url, api_key, timeout, encoding_timeout)
        self._patience = patience or Patience()
        self._http = http or httpx.AsyncClient()
        self._mine = http is None
        self._sleep = sleep

    put_article = _method(errands.put_article)
    put_articles = _method(errands.put_articles)
    get_article = _method(errands.get_article)
    get_articles = _method(errands.get_articles)
    delete_article = _method(errands.delete_article)
    similar = _method(errands.similar)
    send_events = _method(errands.send_events)
    recommend = _method(errands.recommend)
    rank = _method(errands.rank)
    trending = _method(errands.trending)
    overview = _method(errands.overview)
    catalogue_map = _method(errands.catalogue_map)
    get_user = _method(errands.get_user)
    erase_user = _method(errands.erase_user)
    models = _method(errands.models)
    switch_model = _method(errands.switch_model)
    roll_back = _method(errands.roll_back)
    experiments = _method(errands.experiments)
    alive = _method(errands.alive)
    ready = _method(errands.ready)

    async def recommend_pages(
        self, user_id: str | None = None, **wishes: Unpack[Wishes]
    ) -> AsyncIterator[Recommendation]:
        """One page after another, until there is nothing more: no article twice."""
        page = await self.recommend(user_id, **wishes)
        yield page
        while page.next_cursor is not None:
            page = await self.recommend(user_id, cursor=page.next_cursor, **wishes)
            yield page

    async def close(self) -> None:
        """Close its connections."""
        if self._mine:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _carry_out(self, errand: Errand[T]) -> T:
        return errand.outcome([await self._answer(call) for call in errand.calls])

    async def _answer(self, call: Call) -> httpx.Response:
        tries = Tries(call, self._patience)
        request = self._address.request(call, tries.request_id)
        while True:
            try:
                response = await self._http.send(request)
            except httpx.TransportError as error:
                pause = tries.failed(error)
            else:
                if response.is_success:
                    return response
                pause = tries.refused(response)
            await self._sleep(pause)
