"""What generator and discriminator want, and the gradient penalties that keep them honest."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

LOSSES = ("logistic", "relativistic")


def critic_loss(kind: str, on_real: Tensor, on_made: Tensor) -> Tensor:
    """The discriminator's loss from its scores, (n,) and (n,).

    Source: logistic, Goodfellow et al. 2014; relativistic pairing, Jolicoeur-Martineau 2019 and
    Huang et al. 2025, eq. 2.
    """
    if kind == "relativistic":
        return F.softplus(on_made - on_real).mean()
    return F.softplus(-on_real).mean() + F.softplus(on_made).mean()


def generator_loss(kind: str, on_real: Tensor | None, on_made: Tensor) -> Tensor:
    """The generator's loss; the relativistic one needs scores of real pictures too.

    Source: non-saturating, Goodfellow et al. 2014; relativistic as in `critic_loss`.
    """
    if kind == "relativistic":
        assert on_real is not None
        return F.softplus(on_real.detach() - on_made).mean()
    return F.softplus(-on_made).mean()


def gradient_penalty(scores: Tensor, pictures: Tensor) -> Tensor:
    """Mean squared gradient norm of scores by pictures: R1 on real ones, R2 on made ones.

    Source: Mescheder et al. 2018, eqs. 9 and 10.
    """
    (slope,) = torch.autograd.grad(scores.sum(), pictures, create_graph=True)
    return slope.float().square().sum((1, 2, 3)).mean()
