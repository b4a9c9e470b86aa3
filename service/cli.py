"""``newsstand``: serve, show, and fill a newsstand."""

import functools
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer
from rich.console import Console

from service import logs
from service.errors import NewsstandError, SetupError
from service.importing.errors import ImportStopped
from service.importing.sources.formats import SourceFormat
from service.keys_command import keys
from service.settings import Settings
from service.transfer.errors import TransferStopped

app = typer.Typer(
    name="newsstand",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
ENGINES: Final = frozenset({"faiss", "onnxruntime"})
"""What ``newsstand[cpu]`` and ``newsstand[gpu]`` bring and a bare install lacks."""


@app.callback()
def newsstand() -> None:
    """An online news recommender."""


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """The command with one option for each setting, also read from ``NEWSSTAND_…``."""
    others = [p for p in inspect.signature(command).parameters.values() if p.name != "settings"]
    options = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=Annotated[
                field.annotation,
                typer.Option(envvar=f"NEWSSTAND_{name.upper()}", help=field.description),
            ],
        )
        for name, field in Settings.model_fields.items()
    ]

    @functools.wraps(command)
    def with_options(**values: Any) -> None:
        own = {parameter.name: values.pop(parameter.name) for parameter in others}
        settings = Settings.of(**values)
        logs.configure(settings.log_format)
        command(settings=settings, **own)

    parameters = [*others, *options]
    with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {p.name: p.annotation for p in parameters}
    return with_options


@app.command()
@with_settings
def serve(settings: Settings) -> None:
    """Serve until Ctrl-C."""
    from service.server import serve as run

    run(settings, lambda url: typer.echo(f"Newsstand is ready on {url}", err=True))


@app.command()
@with_settings
def demo(
    settings: Settings,
    to: Annotated[
        str | None, typer.Option(help="Show it on this running service, not on one of our own.")
    ] = None,
    api_key: Annotated[
        str | None, typer.Option(envvar="NEWSSTAND_API_KEY", help="The service's key, if any.")
    ] = None,
) -> None:
    """Serve with sample news and a few readers, and show what one of them is recommended."""
    from service.demo import demo as run
    from service.demo import demo_on

    if to is None:
        run(settings, api_key, Console())
    else:
        demo_on(to, api_key, Console())


RedisUrl = Annotated[
    str | None,
    typer.Option(
        envvar="NEWSSTAND_REDIS_URL", help="The state store; none: that of the data folder."
    ),
]


@app.command()
def export(
    target: Annotated[
        Path, typer.Argument(help="A .jsonl or .jsonl.gz file, or a folder for Parquet.")
    ],
    redis_url: RedisUrl = None,
    data_dir: Annotated[
        Path, typer.Option(envvar="NEWSSTAND_DATA_DIR", help="Folder of the embedded Valkey.")
    ] = Path(".newsstand"),
) -> None:
    """Write the whole state, articles, readers and counters, into a file or folder."""
    from service.transferring import export_to

    typer.echo(export_to(target, redis_url, data_dir, Console(stderr=True)))


@app.command("import")
def import_(
    source: Annotated[
        str,
        typer.Argument(help="A file, the address of an RSS or Atom feed, or an exported state."),
    ],
    to: Annotated[
        str, typer.Option(envvar="NEWSSTAND_URL", help="The service's address.")
    ] = "http://127.0.0.1:8000",
    source_format: Annotated[
        SourceFormat | None, typer.Option("--format", help="As the source looks, if left out.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Of articles that state none, such as 'de'.")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="FIELD=COLUMN of a CSV table, such as title=headline.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, max=1_000, help="Articles a request.")] = 500,
    again: Annotated[bool, typer.Option(help="From the beginning, also where it is done.")] = False,
    allow_private: Annotated[
        bool, typer.Option(help="Let a public feed redirect into a private network.")
    ] = False,
    api_key: Annotated[
        str | None, typer.Option(envvar="NEWSSTAND_API_KEY", help="The service's key, if any.")
    ] = None,
    data_dir: Annotated[
        Path,
        typer.Option(envvar="NEWSSTAND_DATA_DIR", help="Where progress, or a state, is kept."),
    ] = Path(".newsstand"),
    redis_url: RedisUrl = None,
    merge: Annotated[
        bool, typer.Option(help="Import a state into one that is there: what is newer stays.")
    ] = False,
) -> None:
    """Send articles from MIND, JSON lines, CSV or a feed to a running service; or put an exported
    state (newsstand export) into a state store.
    """
    from service.importing.command import import_articles
    from service.transfer.formats import is_export

    if is_export(Path(source)):
        from service.transferring import import_from

        console = Console(stderr=True)
        typer.echo(
            import_from(Path(source), redis_url, data_dir, console, merge=merge, again=again)
        )
        return

    report = import_articles(
        source,
        to=to,
        state_folder=data_dir / "imports",
        console=Console(stderr=True),
        api_key=api_key,
        source_format=source_format,
        language=language,
        columns=_columns(column or []),
        batch_size=batch_size,
        again=again,
        allow_private=allow_private,
    )
    typer.echo(report)
    if report.rejected:
        raise typer.Exit(1)


@app.command()
@with_settings
def replay(
    log: Annotated[
        list[Path], typer.Argument(help="Folders of one log, in MIND's or EB-NeRD's format.")
    ],
    settings: Settings,
    scenario: Annotated[
        list[str] | None, typer.Option(help="To measure; the first is compared with.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the report.")] = Path("replay"),
    last: Annotated[
        int | None, typer.Option(min=1, help="Measure only the last so many impressions.")
    ] = None,
) -> None:
    """Play a click log through the pipeline, in the order of time, and compare policies."""
    from service.replay.command import replay_log

    scenarios = list(dict.fromkeys(scenario or ["model", "default"]))
    replay_log(log, settings, scenarios, out, Console(), last)


app.add_typer(keys, name="keys", help="Make, list and revoke API keys.")
state = typer.Typer(no_args_is_help=True)
app.add_typer(state, name="state", help="Look at the state store, or confirm that it is yours.")


@state.command()
@with_settings
def show(settings: Settings) -> None:
    """Say what the state store is and holds."""
    from service.state_command import show as run

    run(settings, typer.echo)


@state.command()
@with_settings
def confirm(settings: Settings) -> None:
    """Let a newsstand whose state was lost go on with the store as it is now."""
    from service.state_command import confirm as run

    run(settings, typer.echo)


def _columns(given: list[str]) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in given]
    for name, sign, column in pairs:
        if not (name and sign and column):
            raise typer.BadParameter(f"say --column FIELD=COLUMN, not {name}{sign}{column}")
    return {name: column for name, _, column in pairs}


def main() -> None:
    """The command, with errors as one line on standard error and exit status 1."""
    try:
        app()
    except (SetupError, NewsstandError, ImportStopped, TransferStopped) as error:
        _end(str(error))
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in ENGINES:
            raise
        _end(
            f"{missing} is not installed; pip install 'newsstand[cpu]' brings it, "
            "or 'newsstand[gpu]' on a machine with a GPU"
        )


def _end(reason: str) -> NoReturn:
    typer.echo(f"newsstand: {reason}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
