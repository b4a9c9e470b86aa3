"""The study put together: its columns, its rows, and how long they take."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from training.encoders.folder import read_folder
from training.errors import BadRecipe
from training.studies import costs
from training.studies.clicks import columns
from training.studies.mtrec.checks import check, designs_of
from training.studies.mtrec.claims import CLAIMS
from training.studies.mtrec.designs import MINUTES, PARAMETERS, design_row
from training.studies.mtrec.settings import MtrecSettings
from training.studies.mtrec.setup import Setup
from training.studies.names import Scale, within
from training.studies.study import Column, Paper, Study

PAPER: Final = Paper(
    title="Towards Advancing Multi-task Learning Over BERT (MTRec), made again",
    data="EB-NeRD, with multilingual BERT",
    quoted_from="the poster's table 1",
)
PACES: Final[dict[Scale, float]] = {"small": 3, "full": 10}
"""Minutes a row: on two cores, and, which nobody has measured, on a GPU."""
SECTION: Final = "On the test days"


def build(roots: Sequence[Path], settings: MtrecSettings, scale: Scale) -> Study:
    """Raises BadRecipe, UnreadableData, UnusableEncoder and Leak before anything is made."""
    if settings.encoder is None:
        raise BadRecipe("encoder: say --set encoder=FOLDER, a Hugging Face folder")
    read_folder(settings.encoder)
    designs = designs_of(settings)
    data = settings.data
    setup = Setup(
        settings,
        settings.encoder,
        within(roots, data.training),
        within(roots, data.test),
        None if data.sentiment is None else within(roots, data.sentiment),
    )
    check(setup, designs)
    return Study(
        name="mtrec",
        paper=PAPER,
        rows=tuple(design_row(setup, design, PACES[scale]) for design in designs),
        columns=(
            *columns(SECTION),
            Column(PARAMETERS, "million parameters trained, heads aside", SECTION),
            Column(MINUTES, "minutes of training steps", SECTION),
            Column(costs.ROW, costs.TITLES["row"], SECTION),
        ),
        findings=CLAIMS,
        shown=costs.with_row_minutes,
        facts={
            "scale": scale,
            "learned from": f"{data.training}, without its last day, which chooses the epoch",
            "measured on": data.test,
            "encoder": settings.encoder.resolve().name,
            "sentiments": data.sentiment or "the log's own, or VADER's where it has none",
            "recipe": "; ".join(["mtrec", *settings.changes]),
            "by row": "; ".join(f"{row}: {', '.join(c)}" for row, c in settings.row_changes.items())
            or "as the recipe",
            "chance": "errors and tests are about the impressions; each row is trained once",
            "the original MTRec in the poster's table": "MRR 31.89, nDCG@5 35.21, nDCG@10 43.47",
        },
    )
