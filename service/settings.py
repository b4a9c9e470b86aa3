"""What an operator can set. Read once, by the command line; facts about a model are not here."""

import ipaddress
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from service.errors import SetupError

DAY_SECONDS: Final = 86_400


class Settings(BaseModel):
    """The service's settings, each with the environment's default."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65_535, description="Port to listen on; 0: any.")
    workers: int = Field(default=1, ge=1, le=64, description="Worker processes.")
    data_dir: Path = Field(
        default=Path(".newsstand"), description="Folder of the embedded Valkey's data."
    )
    redis_url: str | None = Field(
        default=None,
        description="redis://, rediss://, unix://, redis+cluster:// or rediss+cluster://; "
        "none: the embedded Valkey.",
    )
    durability: Literal["local", "replicated"] = Field(
        default="local", description="replicated: acknowledge what a replica of Redis has, too."
    )
    model_store: Path | None = Field(
        default=None, description="A model store, searched before the shipped one."
    )
    model: str | None = Field(default=None, description="NAME, NAME@VERSION or NAME@ALIAS.")
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="Where the encoder runs."
    )
    api_keys_file: Path | None = Field(
        default=None,
        description="File of hashed API keys (newsstand keys), read again when it changes.",
    )
    key_requests_per_second: float | None = Field(
        default=None,
        gt=0,
        le=1_000_000,
        description="Rate of a key that has none of its own, in each replica; none: unlimited.",
    )
    policies_file: Path | None = Field(
        default=None, description="Scenarios and experiments (TOML), read again when it changes."
    )
    page: bool = Field(default=True, description="Serve the web page at /.")
    log_format: Literal["auto", "text", "json"] = Field(
        default="auto", description="auto: text on a terminal, else json."
    )
    otlp_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="Where traces go: base URL of an OTLP/HTTP collector; none: no traces.",
    )
    history_length: int | None = Field(
        default=None, ge=1, le=1_000, description="Newest clicks that count; none: the model's."
    )
    article_days: int = Field(
        default=365, ge=1, le=3_650, description="Life of an article without expires_at."
    )
    reader_days: int = Field(
        default=180, ge=1, le=3_650, description="Life of a reader after their last event."
    )
    encoder_threads: int = Field(
        default=0,
        ge=0,
        le=256,
        description="Threads of the encoder, which all workers share; 0: one a core.",
    )
    reencode_share: float = Field(
        default=0.5,
        gt=0.0,
        le=1.0,
        description="Part of the encoder's time that encoding in the background may take.",
    )

    @classmethod
    def of(cls, **values: object) -> Self:
        """Settings of values as the command line reads them. Raises SetupError naming the one
        that is wrong.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            name = "".join(f"NEWSSTAND_{str(part).upper()} " for part in first["loc"])
            raise SetupError(f"{name}{first['msg'].removeprefix('Value error, ')}") from error

    @model_validator(mode="after")
    def _loopback_without_keys(self) -> Self:
        if self.api_keys_file is None and not _is_loopback(self.host):
            raise ValueError(
                f"NEWSSTAND_HOST {self.host} is not loopback, and without API keys "
                "(NEWSSTAND_API_KEYS_FILE) the service listens on loopback only"
            )
        return self

    @property
    def article_seconds(self) -> int:
        """How long an article without ``expires_at`` is recommended."""
        return self.article_days * DAY_SECONDS

    @property
    def reader_seconds(self) -> int:
        """How long a reader is remembered after their last event."""
        return self.reader_days * DAY_SECONDS


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
