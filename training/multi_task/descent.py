"""How the weights come to the gradients of two losses.

Surgery is done on the weights that both tasks share; any other, such as a head's or the user
encoder's, keeps the gradient of its one task. With several processes, each loss's gradient is their
mean before it is looked at. Gradients that fp16 scales are all scaled alike, which changes no angle
between them.
"""

from collections.abc import Callable, Collection

from accelerate import Accelerator
from torch import Tensor, nn

from training.multi_task.heads import AUXILIARY, MAIN
from training.multi_task.surgery import Surgery

Descent = Callable[[nn.Module, Collection[str], Tensor, Accelerator], None]
"""Puts into ``grad`` what the weights of a module are to follow, given the names of those that the
tasks share, and the two losses (2).
"""
Gradients = dict[str, Tensor]
"""By weight: those that the losses reach."""


def summed(
    learner: nn.Module, shared: Collection[str], losses_2: Tensor, process: Accelerator
) -> None:
    """``∇(L_main + L_aux)``, without surgery."""
    _put(learner, _gradients(learner, losses_2.sum(), process))


def operated(surgery: Surgery) -> Descent:
    """Each loss's gradient on its own, and surgery on the shared weights."""

    def descend(
        learner: nn.Module, shared: Collection[str], losses_2: Tensor, process: Accelerator
    ) -> None:
        main = _gradients(learner, losses_2[MAIN], process, once_more=True)
        auxiliary = _gradients(learner, losses_2[AUXILIARY], process)
        _put(learner, combined(main, auxiliary, shared, surgery))

    return descend


def combined(
    main: Gradients, auxiliary: Gradients, shared: Collection[str], surgery: Surgery
) -> Gradients:
    """Surgery's for the shared weights; for the others the sum, of which one part is zero."""
    operable = [name for name in main if name in shared]
    made = surgery([main[name] for name in operable], [auxiliary[name] for name in operable])
    private = {name: main[name] + auxiliary[name] for name in main if name not in shared}
    return private | dict(zip(operable, made, strict=True))


def _gradients(
    learner: nn.Module, loss: Tensor, process: Accelerator, *, once_more: bool = False
) -> Gradients:
    """A loss's, the mean over all processes; ``once_more`` if another walk back is to follow."""
    learner.zero_grad()
    process.backward(loss, retain_graph=once_more)
    return {
        name: process.reduce(weight.grad, "mean")
        for name, weight in learner.named_parameters()
        if weight.grad is not None
    }


def _put(learner: nn.Module, gradients: Gradients) -> None:
    for name, weight in learner.named_parameters():
        weight.grad = gradients.get(name)
