"""The float twin of an exact sequence: trained here, rendered in `medici.studio.exact.sequence`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from medici.studio.exact import quantise
from medici.studio.exact.network import INPUT
from medici.studio.exact.sequence import Weights, gumbel_table
from medici.studio.training.layers import leaky

if TYPE_CHECKING:
    from medici.studio.exact.network import Layer


class Autoregressive(nn.Module):
    """Scores of each token given those before it.

    Args:
        places: how many earlier tokens are seen: all of them for an absolute model (so also its
            greatest length), the window's width for a relative one.
        values: values a token may have.
        width: of the hidden state.
        inner: of the residual blocks.
        blocks: residual blocks of two layers.
        heads: score layers; position t uses t mod heads.
        periods: position vectors; position t uses t mod periods.
        channels: conditions told about each position.
        told_values: values a condition may have.
        relative: whether a token is known by how far back it is, not by its place.

    Source: Larochelle & Murray 2011, eq. 5; Bengio et al. 2003 for the relative form.
    """

    def __init__(
        self,
        places: int,
        values: int,
        *,
        width: int = 256,
        inner: int = 256,
        blocks: int = 2,
        heads: int = 1,
        periods: int = 1,
        channels: int = 0,
        told_values: int = 1,
        relative: bool = False,
    ) -> None:
        super().__init__()
        self.relative = relative
        scale = places**-0.5
        self.tables = nn.Parameter(torch.randn(places, values, width) * scale)
        self.conditions = nn.Parameter(torch.randn(channels, told_values, width) * 0.3)
        self.positions = nn.Parameter(torch.randn(periods, width) * 0.3)
        self.first = nn.ModuleList([nn.Linear(width, inner) for _ in range(blocks)])
        self.second = nn.ModuleList([nn.Linear(inner, width) for _ in range(blocks)])
        for layer in self.second:
            nn.init.zeros_(layer.weight)  # type: ignore[arg-type]
        self.heads = nn.Parameter(torch.randn(heads, values, width) * width**-0.5)
        self.offsets = nn.Parameter(torch.zeros(heads, values))

    def hidden(self, tokens: Tensor, told: Tensor | None = None) -> Tensor:
        """Sums of table rows at every position, (n, length) → (n, length, width)."""
        n, length = tokens.shape
        places = len(self.tables)
        if self.relative:
            sums = tokens.new_zeros((n, length, self.tables.shape[2]), dtype=self.tables.dtype)
            for back in range(1, min(places, length - 1) + 1):
                rows = F.embedding(tokens[:, :-back], self.tables[back - 1])
                sums = sums + F.pad(rows, (0, 0, back, 0))
        else:
            where = torch.arange(length, device=tokens.device)
            rows = self.tables[where[None], tokens]
            sums = F.pad(rows.cumsum(1)[:, :-1], (0, 0, 1, 0))
        periods = torch.arange(length, device=tokens.device) % len(self.positions)
        sums = sums + self.positions[periods]
        if told is not None:
            for channel in range(told.shape[2]):
                sums = sums + F.embedding(told[:, :, channel], self.conditions[channel])
        return sums

    def forward(self, tokens: Tensor, told: Tensor | None = None) -> Tensor:
        """Scores at every position.

        Args:
            tokens: (n, length) int64.
            told: (n, length, channels) int64 conditions.

        Returns:
            (n, length, values) logits; those of position t depend on tokens before t.
        """
        x = leaky(self.hidden(tokens, told))
        for first, second in zip(self.first, self.second, strict=True):
            x = x + second(leaky(first(x)))
        length = tokens.shape[1]
        if len(self.heads) == 1:
            return x @ self.heads[0].T + self.offsets[0]
        which = torch.arange(length, device=tokens.device) % len(self.heads)
        return torch.einsum("ntc,tvc->ntv", x, self.heads[which]) + self.offsets[which]

    def to_exact(self) -> Weights:
        """Rounded once, to the integers that `medici.studio.exact.sequence` draws with."""
        tables, conditions = _floats(self.tables), _floats(self.conditions)
        both = np.concatenate([tables.ravel(), conditions.ravel()])
        whole, shift = quantise.integers("sequence.hidden", both)
        heads, score_shift = quantise.integers("sequence.scores", _floats(self.heads))
        blocks: list[Layer] = []
        before = INPUT
        for i, (first, second) in enumerate(zip(self.first, self.second, strict=True)):
            blocks += [
                quantise.layer(
                    f"in{i}", "dense", _floats(first.weight), _floats(first.bias), leaky=True
                ),
                quantise.layer(
                    f"out{i}", "dense", _floats(second.weight), _floats(second.bias), plus=before
                ),
            ]
            before = f"out{i}"
        return Weights(
            tables=whole[: tables.size].reshape(tables.shape),
            conditions=whole[tables.size :].reshape(conditions.shape),
            positions=quantise.offsets("sequence.hidden", _floats(self.positions), shift),
            shift=shift,
            blocks=tuple(blocks),
            heads=heads,
            offsets=quantise.offsets("sequence.scores", _floats(self.offsets), score_shift),
            score_shift=score_shift,
            noise=gumbel_table(),
            relative=self.relative,
        )


def _floats(tensor: Tensor | nn.Module) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    assert isinstance(tensor, Tensor)
    return tensor.detach().double().cpu().numpy()
