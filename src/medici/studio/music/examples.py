"""Scores as training examples: any step of any piece, with what it sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from medici.studio.music import tokens
from medici.studio.music.networks import NONE, Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medici.studio.music.score import Score

_TONIC = 4
"""The channel that tells the tonic."""


class Examples:
    """Every step of a set of scores.

    Args:
        scores: the pieces.
        shape: how far the network looks back.
    """

    def __init__(self, scores: Sequence[Score], shape: Shape) -> None:
        gap = max(*shape.near, *shape.far)
        rows, told, where = [], [], []
        at = 0
        for score in scores:
            plan = tokens.Plan.of(score)
            pad = np.full((gap, tokens.TURNS), NONE, np.int64)
            rows += [pad, tokens.to_tokens(score, plan.tonic).reshape(-1, tokens.TURNS)]
            made = tokens.conditions(plan).reshape(-1, tokens.TURNS, tokens.CHANNELS)
            told += [np.zeros((gap, *made.shape[1:]), np.int64), made]
            where.append(np.arange(at + gap, at + gap + len(score)))
            at += gap + len(score)
        self.tokens = torch.from_numpy(np.concatenate(rows))
        self.told = torch.from_numpy(np.concatenate(told))
        self.where = torch.from_numpy(np.concatenate(where))
        self._near = torch.tensor(shape.near)
        self._far = torch.tensor(shape.far)

    def __len__(self) -> int:
        return len(self.where)

    def take(self, which: Tensor, jitter: Tensor | None = None) -> tuple[Tensor, ...]:
        """The steps of some indices, as `ChoraleNetwork` takes them.

        Args:
            which: (n,) indices below `len(self)`.
            jitter: (n,) semitones by which the tonic that is told differs from the true one: the
                same music a little higher or lower. Not applied where the frame would change.
        """
        at = self.where[which]
        told = self.told[at]
        if jitter is not None:
            tonic = told[:, :, _TONIC]
            base = tonic % tokens.TOLD
            moved = base + jitter[:, None]
            same = (moved >= 0) & (moved < 12) & ((moved <= 6) == (base <= 6))
            told = told.clone()
            told[:, :, _TONIC] = torch.where(same, tonic + jitter[:, None], tonic)
        near = self.tokens[at[:, None] - self._near]
        far = self.tokens[at[:, None] - self._far]
        return self.tokens[at], near, far, told
