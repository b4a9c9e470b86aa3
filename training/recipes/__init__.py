"""One file a recipe, each with its ``RECIPE``; ``find`` knows them by their file's name."""

import importlib
import json
import pkgutil
from pathlib import Path

from training.errors import BadRecipe
from training.recipe import Recipe


def names() -> list[str]:
    """The built-in recipes."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__))


def find(name: str) -> Recipe:
    """A built-in recipe by its name, or the one in a JSON file. Raises BadRecipe."""
    if name in names():
        module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
        recipe: Recipe = module.RECIPE
        return recipe
    path = Path(name)
    if path.suffix != ".json":
        raise BadRecipe(f"there is no recipe {name!r}: {', '.join(names())}, or a .json file")
    try:
        return Recipe.validated(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadRecipe(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadRecipe(f"{path} is not JSON: {error}") from error
