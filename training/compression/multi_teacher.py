"""Learning from several teachers, each trusted as far as it is right about the sample at hand.

Yu et al., Tiny-NewsRec (EMNLP 2022). Both stages minimise the same sum, over other scores and
vectors: in Stage I titles among titles, in Stage II clicks among impressions.

Shapes: M teachers, B samples, C candidates (the right one first), K vectors of a sample,
D dimensions. Nothing here gives the teachers a gradient but through what projects their vectors.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, log_softmax, softmax

from training.compression.settings import Losses, Scored, Weighing

Weigh = Callable[[Tensor], Tensor]
"""From each teacher's loss of each sample (M, B) to how much it counts there (M, B)."""


def losses_of(scores_BC: Tensor) -> Tensor:
    """``CE(ŷ, y)`` of each sample (B), the right candidate standing first."""
    right_B = torch.zeros(len(scores_BC), dtype=torch.int64, device=scores_BC.device)
    return cross_entropy(scores_BC, right_B, reduction="none")


def weights_of(teacher_losses_MB: Tensor) -> Tensor:
    """``αᵢ = softmaxᵢ(−CEᵢ)`` for each sample (M×B): they sum to one over the teachers."""
    return softmax(-teacher_losses_MB, dim=0)


def equal_weights(teacher_losses_MB: Tensor) -> Tensor:
    """``1/M``: what the adaptive weights are compared with."""
    return torch.full_like(teacher_losses_MB, 1 / len(teacher_losses_MB))


def inverse_losses(teacher_losses_MB: Tensor) -> Tensor:
    """``(1/M) / (1 + CEᵢ)``: MT-BERT's, as we read it. They sum to one only without any loss."""
    return 1 / (1 + teacher_losses_MB) / len(teacher_losses_MB)


WEIGHINGS: Final[Mapping[Weighing, Weigh]] = {
    "adaptive": weights_of,
    "equal": equal_weights,
    "inverse_loss": inverse_losses,
}


def soft_labels(weights_MB: Tensor, teachers_MBC: Tensor, temperature: float) -> Tensor:
    """``Σ αᵢ softmax(ŷᵢ / T)`` (B×C): probabilities are mixed, not scores (our reading)."""
    return torch.einsum("mb,mbc->bc", weights_MB, softmax(teachers_MBC / temperature, dim=-1))


def soft_label_loss(labels_BC: Tensor, student_BC: Tensor, temperature: float) -> Tensor:
    """``T² · CE(labels, softmax(ŷˢ / T))``, the mean over the samples."""
    surprises_BC = -log_softmax(student_BC / temperature, dim=-1)
    return temperature**2 * (labels_BC * surprises_BC).sum(dim=-1).mean()


def distances(projected_MBD: Tensor, student_BD: Tensor) -> Tensor:
    """``MSE(Wᵢ hᵢ + bᵢ, hˢ)`` of each teacher and sample (M×B), the mean over the dimensions."""
    return (projected_MBD - student_BD).square().mean(dim=-1)


def mean_distances(distances_MBK: Tensor, shown_BK: Tensor) -> Tensor:
    """Over a sample's vectors (M×B), those that the mask shows; zero where it shows none."""
    shown_BK = shown_BK.to(distances_MBK.dtype)
    return (distances_MBK * shown_BK).sum(dim=-1) / shown_BK.sum(dim=-1).clamp(min=1)


def embedding_loss(weights_MB: Tensor, distances_MB: Tensor) -> Tensor:
    """``Σ αᵢ MSEᵢ``, the mean over the samples."""
    return (weights_MB * distances_MB).sum(dim=0).mean()


def of_scores(
    student_BC: Tensor, teachers_MBC: Tensor, weights_MB: Tensor, losses: Scored
) -> list[Tensor]:
    """Soft labels and the student's own loss; what ``losses`` leaves out is not among them."""
    terms = []
    if losses.soft_labels:
        labels_BC = soft_labels(weights_MB, teachers_MBC, losses.temperature)
        terms.append(soft_label_loss(labels_BC, student_BC, losses.temperature))
    if losses.own:
        terms.append(losses.own_weight * losses_of(student_BC).mean())
    return terms


def weighed(teachers_MBC: Tensor, losses: Scored) -> Tensor:
    """How much each teacher counts in each sample (M×B), by its own loss."""
    return WEIGHINGS[losses.weights](torch.stack([losses_of(one_BC) for one_BC in teachers_MBC]))


def total(
    student_BC: Tensor, teachers_MBC: Tensor, distances_MB: Sequence[Tensor], losses: Losses
) -> Tensor:
    """``L₁`` of Stage I or ``L₂`` of Stage II: soft labels, embeddings, and the student's own loss.

    ``distances_MB`` are those of titles and of bodies, or of news and of readers. What ``losses``
    leaves out is left out of the sum.
    """
    teachers_MBC = teachers_MBC.detach()
    weights_MB = weighed(teachers_MBC, losses)
    terms = of_scores(student_BC, teachers_MBC, weights_MB, losses)
    if losses.embeddings:
        terms += [embedding_loss(weights_MB, some_MB) for some_MB in distances_MB]
    return torch.stack(terms).sum()
