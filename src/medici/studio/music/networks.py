"""The float network that becomes an exact sequence: sums of table rows, residual layers, scores.

Every token is told apart by its voice and by how many steps back it is. Far tokens mean the same
to all four voices; near ones have tables for each.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from medici.studio.music.tokens import CHANNELS, LOWEST, ORDER, SILENT, TOLD, TURNS, VALUES
from medici.studio.training.layers import leaky

if TYPE_CHECKING:
    from collections.abc import Mapping

NONE = -1
"""A step before the beginning of the music: it adds nothing."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network.

    Attributes:
        width: of the hidden state.
        inner: of the residual blocks.
        blocks: residual blocks of two layers.
        inside: numbers that a token is told in before its place gives it a row: few, so that what
            is learnt of one pitch, place or voice serves others.
        near: steps back (1, 2, …) of which each voice has tables of its own.
        far: steps back whose tables all voices share.
    """

    width: int = 256
    inner: int = 256
    blocks: int = 2
    inside: int = 16
    near: tuple[int, ...] = (1, 2, 3, 4)
    far: tuple[int, ...] = (5, 6, 7, 8, 10, 12, 14, 16, 24, 32)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, read back by `from_json`."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Shape:
        """Read what `as_json` wrote."""
        sizes: dict[str, Any] = dict(told)
        for name in ("near", "far"):
            sizes[name] = tuple(sizes[name])
        return cls(**sizes)

    @property
    def reads(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """For each turn: (tokens back, table) of everything that it reads.

        Tables are numbered: earlier tokens of the same step, near ones by turn, far ones.
        """
        table = 0
        turns: list[list[tuple[int, int]]] = [[] for _ in range(TURNS)]
        for turn in range(TURNS):
            for other in range(turn):
                turns[turn].append((turn - other, table))
                table += 1
        for turn in range(TURNS):
            for back in self.near:
                for other in range(TURNS):
                    turns[turn].append((TURNS * back + turn - other, table))
                    table += 1
        for back in self.far:
            for other in range(TURNS):
                for turn in range(TURNS):
                    turns[turn].append((TURNS * back + turn - other, table))
                table += 1
        return tuple(tuple(reads) for reads in turns)


def features() -> Tensor:
    """What a token says, by turn: itself, its pitch class, whether it is held.

    The network learns a few numbers for each of these; a token is told in their sum, so that what
    is learnt of a pitch class serves all its octaves.

    Returns:
        (turns, values + 1, features) float32; the last value is `NONE` and has no features.
    """
    out = torch.zeros(TURNS, VALUES + 1, VALUES + 13)
    for turn, voice in enumerate(ORDER):
        for value in range(VALUES):
            out[turn, value, value] = 1
            if value != SILENT:
                out[turn, value, VALUES + (value // 2 + LOWEST[voice]) % 12] = 1
                out[turn, value, -1] = value % 2
    return out


class ChoraleNetwork(nn.Module):
    """Scores of the four tokens of steps, given what came before.

    Args:
        shape: sizes.
        forget: share of the earlier tokens that training leaves out, against learning by heart.
        drop: share of hidden values that training leaves out.
    """

    features: Tensor

    def __init__(self, shape: Shape, forget: float = 0.1, drop: float = 0.1) -> None:
        super().__init__()
        self.shape, self.forget, self.drop = shape, forget, drop
        self.register_buffer("features", features(), persistent=False)
        each = shape.inside
        self.inside = nn.Parameter(torch.randn(TURNS, self.features.shape[2], each) * 0.7)
        w, near, far = shape.width, len(shape.near) * TURNS, len(shape.far) * TURNS
        scale = ((near + far + 1) * each) ** -0.5
        self.same = nn.ParameterList(
            nn.Parameter(torch.randn(t * each, w) * scale) for t in range(1, TURNS)
        )
        self.near = nn.Parameter(torch.randn(TURNS, near * each, w) * scale)
        self.far = nn.Parameter(torch.randn(far * each, w) * scale)
        self.told = nn.Parameter(torch.randn(CHANNELS, TURNS * TOLD, w) * 0.3)
        self.positions = nn.Parameter(torch.randn(TURNS, w) * 0.3)
        self.first = nn.ModuleList([nn.Linear(w, shape.inner) for _ in range(shape.blocks)])
        self.second = nn.ModuleList([nn.Linear(shape.inner, w) for _ in range(shape.blocks)])
        for layer in self.second:
            nn.init.zeros_(layer.weight)  # type: ignore[arg-type]
        self.heads = nn.Parameter(torch.randn(TURNS, VALUES, w) * 0.5 * w**-0.5)
        self.offsets = nn.Parameter(torch.zeros(TURNS, VALUES))

    def forward(self, now: Tensor, near: Tensor, far: Tensor, told: Tensor) -> Tensor:
        """Scores of the tokens of each step.

        Args:
            now: (n, 4) int64 tokens of the step in order of turns; a token sees those before it.
            near: (n, steps, 4) int64 tokens of the near steps; `NONE` before the beginning.
            far: (n, steps, 4) int64 tokens of the far steps.
            told: (n, 4, channels) int64 conditions.

        Returns:
            (n, 4, values) logits.
        """
        n = len(now)
        told_of = self.features @ self.inside
        x_near, x_far = self._seen(told_of, near), self._seen(told_of, far)
        sums = torch.einsum("ni,tiw->ntw", x_near, self.near)
        sums = sums + (x_far @ self.far)[:, None] + self.positions
        x_now = self._seen(told_of, now[:, None], whole=True)
        each = self.shape.inside
        same = [sums.new_zeros(n, self.shape.width)]
        for turn, rows in enumerate(self.same, 1):
            same.append(x_now[:, : turn * each] @ rows)
        sums = sums + torch.stack(same, 1)
        for channel in range(CHANNELS):
            sums = sums + F.embedding(told[:, :, channel], self.told[channel])
        x = F.dropout(leaky(sums), self.drop, self.training)
        for first, second in zip(self.first, self.second, strict=True):
            inner = F.dropout(leaky(first(x)), self.drop, self.training)
            x = x + second(inner)
        return torch.einsum("ntw,tvw->ntv", x, self.heads) + self.offsets

    def _seen(self, told_of: Tensor, tokens: Tensor, whole: bool = False) -> Tensor:
        """What tokens say, (n, steps, 4) → (n, steps · 4 · inside); some are forgotten."""
        turns = torch.arange(TURNS, device=tokens.device)
        seen = told_of[turns, tokens]
        if self.training and self.forget and not whole:
            keep = torch.rand(tokens.shape, device=tokens.device) >= self.forget
            seen = seen * keep[..., None]
        return seen.reshape(len(tokens), -1)

    @torch.no_grad()
    def tables(self) -> Tensor:
        """Rows of every token by table, as `Shape.reads` numbers them: (tables, values, width)."""
        made = (self.features @ self.inside)[:, :VALUES]
        each = self.shape.inside
        out: list[Tensor] = []
        for turn, rows in enumerate(self.same, 1):
            for other in range(turn):
                out.append(made[other] @ rows[other * each : (other + 1) * each])
        for weights in (*self.near, self.far):
            for place, rows in enumerate(weights.reshape(-1, each, self.shape.width)):
                out.append(made[place % TURNS] @ rows)
        return torch.stack(out)
