"""Which trainer a recipe asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medici.studio.icons.codes import Codes
from medici.studio.icons.gan import Gan

if TYPE_CHECKING:
    import torch

    from medici.studio.icons.data import IconSet
    from medici.studio.icons.trainer import Recipe


def trainer(data: IconSet, recipe: Recipe, seed: int, device: torch.device) -> Codes | Gan:
    """The trainer of a recipe's body."""
    return (Codes if recipe.body == "codes" else Gan)(data, recipe, seed, device)
