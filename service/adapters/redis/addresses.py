"""Where the state store is: the addresses that an operator can give.

| address | is |
|---|---|
| ``redis://host:port/db`` | one server; the name may move to a promoted replica |
| ``rediss://host:port`` | the same over TLS; ``?ssl_ca_certs=FILE``, … |
| ``unix:///path`` | one server on this machine |
| ``redis+cluster://host:port,host:port`` | a Redis Cluster, found from any of its nodes |
| ``rediss+cluster://host:port,…`` | the same over TLS |

``user:password@`` stands before the first host: ``rediss://newsstand:secret@redis.example:6379``.
What such a user has to be allowed, and no more (the last line is for a Cluster; ``+bgrewriteaof``
is for erasing readers from the append-only file, too)::

    ACL SETUSER newsstand on >secret resetkeys ~ns:* resetchannels -@all
      +auth +ping +get +set +del +exists +getrange +expire +pexpire +pexpireat +pexpiretime
      +persist +pttl +hget +hmget +hset +hsetnx +hdel +hincrby +hgetall +sadd +srem +smembers
      +zadd +zrem +zcard +zrange +zrevrange +zscore +zincrby +zremrangebyscore +zremrangebyrank
      +xadd +xread +xrevrange +xtrim +xlen +xinfo|stream +scan +dbsize +time +info +wait +evalsha
      +script|load +bgrewriteaof
      +cluster|slots +asking
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from redis.asyncio.connection import AbstractConnection, Connection, parse_url

from service.adapters.redis.answers import PROTOCOL
from service.errors import SetupError

CLUSTER: Final = "+cluster"
SCHEMES: Final = ("redis", "rediss", "unix", "redis+cluster", "rediss+cluster")
CONNECT_SECONDS: Final = 2.0
DEFAULT_PORT: Final = 6379


class Place(NamedTuple):
    """A server: a host and port, or the path of a socket and 0."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host


@dataclass(frozen=True)
class Address:
    """One server, or some nodes of a Cluster, and how to talk to them."""

    places: tuple[Place, ...]
    cluster: bool
    kind: type[AbstractConnection]
    options: Mapping[str, Any]

    @classmethod
    def of(cls, url: str) -> "Address":
        """The address that ``NEWSSTAND_REDIS_URL`` names. Raises SetupError; touches nothing."""
        scheme = urlsplit(url).scheme
        if scheme not in SCHEMES:
            raise SetupError(
                f"NEWSSTAND_REDIS_URL must begin with {', '.join(f'{s}://' for s in SCHEMES)}"
            )
        try:
            return cls._parsed(url, scheme.endswith(CLUSTER))
        except (TypeError, ValueError) as error:
            raise SetupError(f"NEWSSTAND_REDIS_URL is not an address: {error}") from error

    @classmethod
    def _parsed(cls, url: str, cluster: bool) -> "Address":
        each = [dict(parse_url(one)) for one in (_urls(url) if cluster else [url])]
        options: dict[str, Any] = each[0]
        kind = options.pop("connection_class", Connection)
        places = tuple(_place(one) for one in each)
        for name in ("host", "port", "path", "max_connections", "timeout"):
            options.pop(name, None)
        if cluster and options.pop("db", 0) != 0:
            raise ValueError("a Cluster has no numbered databases")
        options = {"socket_connect_timeout": CONNECT_SECONDS, **options}
        # Time-outs are the terms' (terms.py); the hello says nothing but what ACL users may say.
        options |= {"socket_timeout": None, "protocol": PROTOCOL, "driver_info": None}
        address = cls(places, cluster, kind, options)
        address.connection(places[0])  # an option that is none is said now
        return address

    def connection(self, to: Place) -> AbstractConnection:
        """A connection that is not yet open."""
        where = {"host": to.host, "port": to.port} if to.port else {"path": to.host}
        return self.kind(**where, **self.options)


def _urls(url: str) -> list[str]:
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    scheme = parts.scheme.removesuffix(CLUSTER)
    return [
        parts._replace(scheme=scheme, netloc=f"{user}{at}{host}").geturl()
        for host in hosts.split(",")
    ]


def _place(options: Mapping[str, Any]) -> Place:
    if path := options.get("path"):
        return Place(path, 0)
    return Place(options.get("host", "localhost"), options.get("port", DEFAULT_PORT))
