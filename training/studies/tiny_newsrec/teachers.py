"""The rows of the teachers: one post-training, its last copies fine-tuned, and all of them at once.

The newest copy, fine-tuned, is the paper's PLM-NR (DP).
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from training.checkpoints import forget
from training.compression.teachers import fine_tune
from training.post_training.contrastive import post_train
from training.post_training.copies import last_copies
from training.run import Trained
from training.studies.clicks import cells
from training.studies.efficiency import MEGABYTES, MILLIONS, SPEED
from training.studies.study import Made, Measured, Row
from training.studies.tiny_newsrec.paces import Pace
from training.studies.tiny_newsrec.paper import DEPTH, quoted, sized
from training.studies.tiny_newsrec.setup import Setup
from training.studies.tiny_newsrec.systems import System, kept, kept_scores

POST_TRAINED: Final = "post-trained"
DP: Final = "dp"
ENSEMBLE: Final = "ensemble-teacher"


def post_trained_row(setup: Setup, pace: Pace) -> Row:
    """The base, post-trained; its last copies stay in the row's folder."""
    settings = setup.settings

    def make(folder: Path, made: Made) -> Measured:
        trained = post_train(setup.encoder, setup.pairs, settings.post_training, folder)
        forget(folder)
        shutil.rmtree(folder / "tokens")
        losses = ", ".join(f"{loss:.4f}" for loss in trained.losses)
        steps = ", ".join(str(int(copy.name)) for copy in trained.copies)
        return Measured({}, {"pairs": len(setup.pairs), "losses": losses, "copies at": steps})

    return Row(
        POST_TRAINED,
        f"Post-training of {settings.post_training.copies} teachers",
        make,
        {
            "post_training": settings.post_training.model_dump(mode="json"),
            **setup.paired_by,
        },
        (setup.encoder, *setup.corpora),
        minutes=pace.post_trained(setup.layers),
    )


def teachers(setup: Setup, pace: Pace) -> Iterator[System]:
    """Each copy, fine-tuned; the newest is the last."""
    names = names_of(setup)
    for place, name in enumerate(names):

        def fit(folder: Path, made: Made, place: int = place) -> Trained:
            start = copies(setup, made)[place]
            return fine_tune(start, setup.logs, setup.settings.fine_tuning, folder)

        title = f"teacher {place + 1} of {len(names)}"
        if name == DP:
            title = f"{sized('PLM-NR', setup.layers)} (DP), the newest teacher"
        yield System(
            name,
            title,
            fit,
            pace.fine_tuned(setup.layers),
            {},
            needs=(POST_TRAINED,),
            whose=f"{sized('PLM-NR', DEPTH)} (DP)" if name == DP else "",
            teaches=True,
        )


def ensemble_row(setup: Setup) -> Row:
    """The mean of the teachers' scores: what their own rows scored the test with."""
    names = names_of(setup)

    def make(folder: Path, made: Made) -> Measured:
        scores_S = np.mean([kept_scores(made[name]) for name in names], axis=0)
        figures = [made[name].measured.figures for name in names]
        together = {one: sum(each[one] for each in figures) for one in (MILLIONS, MEGABYTES)}
        together[SPEED] = 1 / sum(1 / each[SPEED] for each in figures)
        return Measured(cells(setup.test, scores_S), {"teachers": len(names)}, together)

    title = f"{sized('Ensemble-Teacher', setup.layers)}"
    numbers = quoted(sized("Ensemble-Teacher", DEPTH))
    return Row(ENSEMBLE, title, make, {}, (), names, 0.1, numbers)


def names_of(setup: Setup) -> tuple[str, ...]:
    """The teachers' rows, the newest last."""
    older = range(1, setup.settings.post_training.copies)
    return (*(f"teacher-{number}" for number in older), DP)


def copies(setup: Setup, made: Made) -> list[Path]:
    """The teachers before they were fine-tuned, the newest last."""
    return last_copies(made[POST_TRAINED].folder, setup.settings.post_training.copies)


def fine_tuned(setup: Setup, made: Made, count: int) -> list[Trained]:
    """The ``count`` newest teachers, the newest last."""
    both = zip(names_of(setup), copies(setup, made), strict=True)
    return [kept(setup, copy, made[name]) for name, copy in list(both)[-count:]]
