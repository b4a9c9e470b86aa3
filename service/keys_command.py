"""``newsstand keys``: make, list and revoke API keys. A running service soon reads them again."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import ValidationError

from service.adapters.key_file import changing_keys, read_keys, write_private
from service.domain.api_key import PREFIX, ApiKey, Keyring, KeyScope, new_key
from service.errors import Conflict, NotFound, SetupError

LONGEST_SECRET: Final = 1_000
keys = typer.Typer(no_args_is_help=True)

KeysFile = Annotated[
    Path,
    typer.Option(
        "--api-keys-file", envvar="NEWSSTAND_API_KEYS_FILE", help="File of hashed API keys."
    ),
]
Name = Annotated[str, typer.Argument(help="What people call the key.")]


@keys.command()
def create(
    name: Name,
    api_keys_file: KeysFile,
    scope: Annotated[list[KeyScope], typer.Option(help="What the key may do; repeatable.")],
    requests_per_second: Annotated[
        float | None, typer.Option(help="None: as NEWSSTAND_KEY_REQUESTS_PER_SECOND says.")
    ] = None,
    secret_file: Annotated[
        Path | None, typer.Option(help="Write the key here, for its owner alone; don't show it.")
    ] = None,
    unless_exists: Annotated[
        bool, typer.Option("--unless-exists", help="Do nothing where the key is there.")
    ] = False,
) -> None:
    """Make a key and show it, once: only a hash of it is kept."""
    with changing_keys(api_keys_file) as change:
        there = change.keyring.named(name)
        if there is not None and unless_exists:
            _check_secret(secret_file, there, change.keyring)
            typer.echo(f"there is a key {name}", err=True)
            return
        if there is not None:
            raise Conflict(f"there is a key {name}: revoke it first, or give another name")
        shown, kept = _made(name, scope, requests_per_second)
        if secret_file is not None:  # first: a secret without a key does no harm, and is replaced
            _keep_secret(secret_file, shown)
        change.to(change.keyring.adding(kept))
    typer.echo(shown if secret_file is None else f"the key {name} is in {secret_file}")


@keys.command("list")
def list_(api_keys_file: KeysFile) -> None:
    """List the keys, without their secrets."""
    for key in read_keys(api_keys_file).keys:
        rate = "" if key.requests_per_second is None else f"  {key.requests_per_second:g}/s"
        typer.echo(f"{key.name:20} {key.id}  {key.created:%Y-%m-%d}  {_scopes(key)}{rate}")


@keys.command()
def revoke(name: Name, api_keys_file: KeysFile) -> None:
    """Revoke a key: within a second or so it opens nothing any more."""
    with changing_keys(api_keys_file) as change:
        if change.keyring.named(name) is None:
            raise NotFound(f"there is no key {name}")
        change.to(change.keyring.without(name))
    typer.echo(f"the key {name} is revoked", err=True)


def _made(name: str, scopes: list[KeyScope], rate: float | None) -> tuple[str, ApiKey]:
    try:
        return new_key(name, scopes, rate, datetime.now(UTC).replace(microsecond=0))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise SetupError(f"{first['loc'][0]}: {first['msg']}") from error


def _keep_secret(path: Path, shown: str) -> None:
    """Write the key; in the place of another key, but of nothing else."""
    if path.exists() and not _said(path).startswith(PREFIX):
        raise Conflict(f"{path} holds something else than a key, and is left as it is")
    write_private(path, shown + "\n")


def _check_secret(path: Path | None, key: ApiKey, keyring: Keyring) -> None:
    if path is not None and (not path.exists() or keyring.owner(_said(path)) != key):
        lost = f"there is a key {key.name}, but not in {path}, and it cannot be shown again"
        raise Conflict(f"{lost}: revoke it, and make it anew")


def _said(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(LONGEST_SECRET).strip()
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror}") from error


def _scopes(key: ApiKey) -> str:
    return ",".join(scope for scope in KeyScope if scope in key.scopes)
