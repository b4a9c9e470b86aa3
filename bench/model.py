"""Which model a script serves: the shipped one, unless it is told of another."""

from argparse import ArgumentParser
from pathlib import Path

from model_store.store import DEFAULT_ARTEFACT, SHIPPED


def may_name_a_model(parser: ArgumentParser) -> None:
    """The options ``--model-store`` and ``--model``."""
    parser.add_argument("--model-store", type=Path, default=SHIPPED)
    parser.add_argument("--model", default=DEFAULT_ARTEFACT, help="NAME, NAME@VERSION, NAME@ALIAS")
