"""The student learns, in a course whose terms are epochs.

Shapes: B batch, S dimensions of the student, J of the targets.
"""

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import AdamW

from training.course.course import Course, Plan
from training.distillation.lesson import Answering, Batch
from training.distillation.objective import Objective
from training.distillation.settings import Learning
from training.distillation.targets import Learned
from training.encoders.sentence_encoder import SentenceEncoder
from training.loop import accelerator
from training.precision import single

FITTED_TEXTS: Final = 4_000
RIDGE: Final = 0.1


class Answers(nn.Module):
    """A student, and how far its answers are from the targets: the loss of a batch."""

    def __init__(self, student: SentenceEncoder, objective: Objective) -> None:
        super().__init__()
        self.student, self.objective = student, objective

    def forward(self, batch: Batch) -> Tensor:
        """See ``Objective``."""
        vectors_BS = self.student(batch.ids_BT, batch.mask_BT)
        loss: Tensor = self.objective(single(vectors_BS), batch.joint_BJ, batch.whole_B)
        return loss


def learn(
    student: SentenceEncoder,
    ids: Sequence[Sequence[int]],
    targets: Learned,
    settings: Learning,
    seed: int,
    folder: Path,
) -> None:
    """Train the student in place, by the token ids of texts and their targets.

    Raises BadRecipe for a folder that holds another run, NotWritable, Diverged.
    """
    process = accelerator(settings)
    lesson = Answering(ids, targets, settings.batch_size * process.num_processes, seed)
    # Another one, by its last bits or its signs, on another number of threads: the run keeps it.
    objective = Objective(torch.tensor(targets.basis_JS), settings.relational)
    steps = settings.epochs * lesson.steps
    plan = Plan(
        steps,
        term=lesson.steps,
        keep=lesson.steps,
        optimizer=_optimiser(student, settings),
        rate=partial(_rate, steps=steps, settings=settings),
        gradient_norm=settings.gradient_norm,
    )
    answers, identity = Answers(student, objective), f"{settings!r} {seed}"
    course = Course(process, answers, lesson, plan, folder, identity, beside=[objective])
    course.finish(begin=lambda: _fit_head(student, lesson, objective.basis_JS))
    student.eval().cpu()


def _fit_head(student: SentenceEncoder, lesson: Answering, basis_JS: Tensor) -> None:
    """Let the linear layer begin where least squares puts it, for some texts."""
    known = lesson.targets.whole_N.nonzero()[0].tolist()
    rows = sorted(
        Random(lesson.seed).sample(known, min(FITTED_TEXTS, len(known))),
        key=lambda row: len(lesson.ids[row]),
    )
    head: Any = student.dense[0]
    transformer: Any = student.transformer
    with torch.no_grad():
        pooled, wanted = [], []
        for first in range(0, len(rows), 100):
            some = lesson.batch(np.array(rows[first : first + 100]), 0).to(basis_JS.device)
            states = transformer(input_ids=some.ids_BT, attention_mask=some.mask_BT)
            pooled.append(student.pool(states.last_hidden_state, some.mask_BT))
            wanted.append(some.joint_BJ)
        given = torch.cat(pooled)
        given = torch.cat([given, given.new_ones(len(given), 1)], dim=1)
        squares = given.T @ given + RIDGE * torch.eye(given.shape[1], device=given.device)
        solution = torch.linalg.solve(squares, given.T @ (torch.cat(wanted) @ basis_JS))
        head.weight.copy_(solution[:-1].T)
        head.bias.copy_(solution[-1])


def _optimiser(student: SentenceEncoder, settings: Learning) -> AdamW:
    """AdamW, weights but no biases decaying."""
    learned = [p for p in student.parameters() if p.requires_grad]
    return AdamW(
        [
            {"params": [p for p in learned if p.ndim > 1], "weight_decay": settings.weight_decay},
            {"params": [p for p in learned if p.ndim < 2], "weight_decay": 0.0},
        ],
        lr=settings.learning_rate,
        betas=(0.9, 0.98),
        fused=True,
    )


def _rate(step: int, steps: int, settings: Learning) -> float:
    """The share of the learning rate: warm-up, then along a cosine to the last rate."""
    falling = 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps)))
    at = settings.last_rate + (1 - settings.last_rate) * falling
    return min(1.0, (step + 1) / settings.warm_up) * at
