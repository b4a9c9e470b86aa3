"""``newsstand``: serve, show, and fill a newsstand."""

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.console import Console

from service import logs
from service.errors import NewsstandError, SetupError
from service.settings import Settings

app = typer.Typer(
    name="newsstand",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


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
def demo(settings: Settings) -> None:
    """Serve with sample news and a few readers, and show what one of them is recommended."""
    from service.demo import demo as run

    run(settings, Console())


def main() -> None:
    """The command, with errors as one line on standard error and exit status 1."""
    try:
        app()
    except (SetupError, NewsstandError) as error:
        typer.echo(f"newsstand: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
