"""``newsstand-train``: make artefacts, and measure them.

torch and transformers are imported by the commands that need them, so that ``--help`` answers
at once.
"""

import sys
from typing import Final, NoReturn

import typer

from model_store.errors import ModelStoreError
from training.commands import data
from training.commands.adapt import adapt
from training.commands.baselines import baselines
from training.commands.centre import centre
from training.commands.clean import clean
from training.commands.distil import corpora, distil
from training.commands.evaluate import evaluate
from training.commands.export import export
from training.commands.label_sentiment import label_sentiment
from training.commands.post_train import post_train
from training.commands.run import run
from training.commands.study import study
from training.commands.vectors import vectors
from training.errors import TrainingError

app = typer.Typer(
    name="newsstand-train",
    help="Train recommenders, turn encoders into artefacts, and evaluate artefacts on click logs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(data.app, name="data")
app.command()(run)
app.command()(export)
app.command()(centre)
app.command()(evaluate)
app.command()(baselines)
app.command()(distil)
app.command()(corpora)
app.command()(post_train)
app.command()(adapt)
app.command()(clean)
app.command()(label_sentiment)
app.command()(study)
app.command()(vectors)

TRAINING_EXTRA: Final = frozenset(
    {
        "accelerate",
        "langcodes",
        "matplotlib",
        "onnx",
        "onnxruntime",
        "onnxscript",
        "peft",
        "polars",
        "py3langid",
        "safetensors",
        "torch",
        "transformers",
        "vaderSentiment",
        "wordfreq",
    }
)
"""What ``newsstand[training]`` brings and a bare install lacks."""


def main() -> None:
    """The command, with errors as one line on standard error and exit status 1."""
    try:
        app()
    except (TrainingError, ModelStoreError) as error:
        _end(str(error))
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in TRAINING_EXTRA:
            raise
        _end(f"{missing} is not installed; pip install 'newsstand[training]' brings it")


def _end(reason: str) -> NoReturn:
    typer.echo(f"newsstand-train: {reason}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
