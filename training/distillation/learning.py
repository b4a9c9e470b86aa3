"""The student learns. A run that was cut off goes on from its last epoch, to the same end.

Shapes: B batch, S dimensions of the student, J of the targets.
"""

import hashlib
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import torch
from torch import Tensor
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from training.distillation.lesson import Lesson, epoch_batches
from training.distillation.objective import Objective
from training.distillation.settings import Learning
from training.encoders.sentence_encoder import SentenceEncoder
from training.errors import BadRecipe, Diverged
from training.progress import tracked

FITTED_TEXTS: Final = 4_000
RIDGE: Final = 0.1
CHECKPOINT: Final = "student.pt"
LOG: Final = "learning.jsonl"


def learn(
    student: SentenceEncoder, lesson: Lesson, settings: Learning, seed: int, folder: Path
) -> None:
    """Train the student in place. Raises Diverged, and BadRecipe for another run's checkpoint."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    fingerprint = _fingerprint(student, lesson, settings, seed)
    student.to(device).train()
    basis_JS = torch.tensor(lesson.targets.basis_JS, device=device)
    objective = Objective(basis_JS, settings.relational)
    steps = -(-len(lesson.ids) // settings.batch_size)
    optimiser, schedule = _optimiser(student, settings, steps * settings.epochs)
    run = _Run(folder, student, optimiser, schedule, basis_JS, fingerprint)
    begun = run.resume()
    if begun == 0:
        _fit_head(student, lesson, basis_JS, seed)
    for epoch in range(begun, settings.epochs):
        order = list(epoch_batches(lesson.ids, settings.batch_size, Random(f"{seed}-{epoch}")))
        what = f"Epoch {epoch + 1} of {settings.epochs}"
        start, total = time.perf_counter(), 0.0
        for rows in tracked(order, what):
            vectors_BS = student(*lesson.batch(rows, device))
            loss = objective(vectors_BS, *lesson.wanted(rows, device))
            run.step(loss, settings.gradient_norm)
            total += loss.item()
        if not math.isfinite(total):
            raise Diverged(f"the loss is no number any more in epoch {epoch + 1}")
        run.save(epoch + 1, total / len(order), len(lesson.ids) / (time.perf_counter() - start))
    student.eval().cpu()


def _fingerprint(student: SentenceEncoder, lesson: Lesson, settings: Learning, seed: int) -> str:
    """What decides a run's end: the student as it begins, its lesson, and how it learns."""
    digest = hashlib.sha256(f"{settings!r} {seed} {lesson.digest()}".encode())
    for name, weights in student.state_dict().items():
        digest.update(name.encode() + weights.cpu().numpy().tobytes())
    return digest.hexdigest()


def _fit_head(student: SentenceEncoder, lesson: Lesson, basis_JS: Tensor, seed: int) -> None:
    """Let the linear layer begin where least squares puts it, for some texts."""
    known = lesson.targets.whole_N.nonzero()[0].tolist()
    rows = sorted(
        Random(seed).sample(known, min(FITTED_TEXTS, len(known))),
        key=lambda row: len(lesson.ids[row]),
    )
    head: Any = student.dense[0]
    transformer: Any = student.transformer
    with torch.no_grad():
        pooled, wanted = [], []
        for first in range(0, len(rows), 100):
            some = rows[first : first + 100]
            ids, mask = lesson.batch(some, basis_JS.device)
            states = transformer(input_ids=ids, attention_mask=mask).last_hidden_state
            pooled.append(student.pool(states, mask))
            wanted.append(lesson.wanted(some, basis_JS.device)[0])
        given = torch.cat(pooled)
        given = torch.cat([given, given.new_ones(len(given), 1)], dim=1)
        squares = given.T @ given + RIDGE * torch.eye(given.shape[1], device=given.device)
        solution = torch.linalg.solve(squares, given.T @ (torch.cat(wanted) @ basis_JS))
        head.weight.copy_(solution[:-1].T)
        head.bias.copy_(solution[-1])


def _optimiser(student: SentenceEncoder, settings: Learning, steps: int) -> tuple[AdamW, LambdaLR]:
    """AdamW, weights but no biases decaying; warm-up, then along a cosine to the last rate."""
    learned = [p for p in student.parameters() if p.requires_grad]
    optimiser = AdamW(
        [
            {"params": [p for p in learned if p.ndim > 1], "weight_decay": settings.weight_decay},
            {"params": [p for p in learned if p.ndim < 2], "weight_decay": 0.0},
        ],
        lr=settings.learning_rate,
        betas=(0.9, 0.98),
        fused=True,
    )

    def rate(step: int) -> float:
        falling = 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps)))
        at = settings.last_rate + (1 - settings.last_rate) * falling
        return min(1.0, (step + 1) / settings.warm_up) * at

    return optimiser, LambdaLR(optimiser, rate)


@dataclass(frozen=True)
class _Run:
    """All that changes in a run, and the folder that keeps it."""

    folder: Path
    student: SentenceEncoder
    optimiser: AdamW
    schedule: LambdaLR
    basis_JS: Tensor
    """Kept too: it is another one, by its last bits or its signs, on another number of threads."""
    fingerprint: str

    def resume(self) -> int:
        """Take up the last checkpoint; how many epochs are done. Raises BadRecipe."""
        path = self.folder / CHECKPOINT
        if not path.is_file():
            return 0
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        if state["run"] != self.fingerprint:
            raise BadRecipe(f"{self.folder} holds another run: name another folder, or remove it")
        self.student.load_state_dict(state["student"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.basis_JS.copy_(state["basis"])
        return int(state["epochs"])

    def step(self, loss: Tensor, gradient_norm: float) -> None:
        """Learn from one batch."""
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), gradient_norm)
        self.optimiser.step()
        self.schedule.step()

    def save(self, epochs: int, loss: float, texts_per_second: float) -> None:
        """Keep the epoch that ended, and say how it went."""
        state = {
            "run": self.fingerprint,
            "epochs": epochs,
            "student": self.student.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "basis": self.basis_JS,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self.folder / f"{CHECKPOINT}.part"
        torch.save(state, unfinished)
        unfinished.rename(self.folder / CHECKPOINT)
        with (self.folder / LOG).open("a", encoding="utf-8") as log:
            rate = round(texts_per_second, 1)
            log.write(json.dumps({"epoch": epochs, "loss": loss, "texts_per_second": rate}) + "\n")
