"""How far a batch of the student's vectors is from its targets.

Shapes: B batch, S dimensions of the student, D of a teacher, J = 2D.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, normalize


class Objective(nn.Module):
    """``1 − cos`` to the target, and the mean square difference of the similarities in a batch.

    The first says where a text lies, the second how near two texts are to each other, which is
    what a reader is served by (relational distillation: Park et al., arXiv 1904.05068).
    """

    basis_JS: Tensor

    def __init__(self, basis_JS: Tensor, relational: float) -> None:
        super().__init__()
        self.register_buffer("basis_JS", basis_JS)
        self.relational = relational

    def forward(self, vectors_BS: Tensor, joint_BJ: Tensor, whole_B: Tensor) -> Tensor:
        """The loss; of targets that are not ``whole`` the second half is left out."""
        answers_BJ = vectors_BS @ self.basis_JS.T
        loss = 1 - self.cosines(answers_BJ, joint_BJ, whole_B).mean()
        if not self.relational or whole_B.sum() < 2:
            return loss
        answered_B, wanted_B = normalize(answers_BJ[whole_B]), normalize(joint_BJ[whole_B])
        difference_BB = answered_B @ answered_B.T - wanted_B @ wanted_B.T
        return loss + self.relational * difference_BB.square().mean()

    @staticmethod
    def cosines(answers_BJ: Tensor, joint_BJ: Tensor, whole_B: Tensor) -> Tensor:
        """Each answer's cosine (B,) with its target."""
        half = joint_BJ.shape[1] // 2
        both_B = cosine_similarity(answers_BJ, joint_BJ)
        first_B = cosine_similarity(answers_BJ[:, :half], joint_BJ[:, :half])
        return torch.where(whole_B, both_B, first_B)
