"""Which weights surgery touches, and how gradients come to it: hand-computed on linear losses."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from training.multi_task.descent import Descent, operated, summed
from training.multi_task.surgery import Gradient, main_priority, symmetric

ROOT = Path(__file__).parents[4]
SHARED = ("shared",)


class Toy(nn.Module):
    """Losses that are linear in the weights, so that their gradients are the factors."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.Parameter(torch.tensor([0.3, -0.2]))
        self.readers = nn.Parameter(torch.tensor([0.1]))
        self.head = nn.Parameter(torch.tensor([0.7]))
        self.unused = nn.Parameter(torch.tensor([0.4]))

    def forward(self, main: list[float], auxiliary: list[float]) -> Tensor:
        clicks = self.shared @ torch.tensor(main) + 3 * self.readers.sum()
        told = self.shared @ torch.tensor(auxiliary) + 5 * self.head.sum()
        return torch.stack([clicks, told])


def descended(descent: Descent, process: Accelerator, auxiliary: list[float]) -> Toy:
    toy = Toy()
    toy.shared.grad = torch.tensor([9.0, 9.0])  # of an earlier step
    descent(toy, SHARED, toy([1.0, 0.0], auxiliary), process)
    return toy


def added(main: Gradient, auxiliary: Gradient) -> list[Tensor]:
    return [m + a for m, a in zip(main, auxiliary, strict=True)]


@pytest.fixture
def process() -> Accelerator:
    return Accelerator(cpu=True)


@pytest.mark.parametrize(
    ("descent", "shared"),
    [
        (summed, [0, 1]),
        (operated(added), [0, 1]),
        (operated(symmetric), [0.5, 1.5]),
        (operated(main_priority), [1, 1]),
    ],
    ids=["none", "added", "symmetric", "main_priority"],
)
def test_surgery_changes_the_shared_weights_and_no_others(
    descent: Descent, shared: list[float], process: Accelerator
) -> None:
    toy = descended(descent, process, [-1.0, 1.0])
    grads = [toy.shared.grad, toy.readers.grad, toy.head.grad]
    assert [grad is None or grad.tolist() for grad in grads] == [pytest.approx(shared), [3], [5]]
    assert toy.unused.grad is None


def test_tasks_that_agree_are_summed(process: Accelerator) -> None:
    for descent in (summed, operated(symmetric), operated(main_priority)):
        grad = descended(descent, process, [0.5, 2.0]).shared.grad
        assert grad is not None
        assert grad.tolist() == [1.5, 2]


def test_what_fp16_scales_is_scaled_alike_behind_surgery(process: Accelerator) -> None:
    process.scaler = torch.amp.GradScaler("cpu", init_scale=1024)
    toy = descended(operated(symmetric), process, [-1.0, 1.0])
    grads = [toy.shared.grad, toy.readers.grad, toy.head.grad]
    expected = [[512, 1536], [3072], [5120]]
    assert [grad is None or grad.tolist() for grad in grads] == expected


def two_processes() -> None:
    """In each of two: a gradient whose mean over both conflicts with the other task's."""
    process = Accelerator(cpu=True)
    toy = Toy()
    model = process.prepare(toy)
    mine = [[3.0, 1.0], [-1.0, -1.0]][process.process_index]  # the mean is (1, 0)
    told = [[1.0, 1.0], [-3.0, 1.0]][process.process_index]  # (−1, 1)
    learner = process.unwrap_model(model)
    operated(symmetric)(learner, SHARED, learner(mine, told), process)
    found = [weight.grad.tolist() for weight in (toy.shared, toy.readers, toy.head)]
    assert process.num_processes == 2
    assert found == [[0.5, 1.5], [3.0], [5.0]], found


def test_several_processes_operate_on_the_mean_of_their_gradients() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    start = "from tests.unit.training.multi_task.test_descent import two_processes as run; run()"
    world = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    of_each = [{"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(2)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", start],
            cwd=ROOT,
            env=os.environ | world | mine,
            stderr=subprocess.PIPE,
            text=True,
        )
        for mine in of_each
    ]
    errors = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], errors
