"""What can be known to be wrong before any row is made, so that none is made in vain."""

from collections.abc import Sequence

from training.data.impressions import ImpressionLog
from training.errors import BadRecipe, UnusableEncoder
from training.models.outline import check_transformer
from training.multi_task.objective import ClicksAndTitles
from training.recipe import Recipe, Transformer
from training.studies.mtrec.designs import DESIGNS, Design, recipe_of
from training.studies.mtrec.settings import MtrecSettings
from training.studies.mtrec.setup import Setup


def designs_of(settings: MtrecSettings) -> tuple[Design, ...]:
    """Those that are asked for. Raises BadRecipe for settings of a row that there is not."""
    names = [design.name for design in DESIGNS]
    for setting, named in (("row_changes", settings.row_changes), ("without", settings.without)):
        for name in named:
            if name not in names:
                raise BadRecipe(f"{setting}: there is no row {name}: {', '.join(names)}")
    return tuple(design for design in DESIGNS if design.name not in settings.without)


def check(setup: Setup, designs: Sequence[Design]) -> None:
    """Raises BadRecipe and UnusableEncoder for a row that cannot be trained, and names it; and
    what ``Setup.logs`` raises.
    """
    learned_from = setup.logs.training
    for design in designs:
        recipe = recipe_of(setup.settings, design, setup.encoder)
        try:
            _check(recipe, learned_from)
        except (BadRecipe, UnusableEncoder) as error:
            advice = f"""--set 'without=["{design.name}"]' leaves the row out"""
            raise type(error)(f"row {design.name}: {error}; {advice}") from error


def _check(recipe: Recipe, log: ImpressionLog) -> None:
    if isinstance(recipe.text.encoder, Transformer):
        check_transformer(recipe.text.encoder)
    ClicksAndTitles.of(recipe, log)
