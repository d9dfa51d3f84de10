"""Exact sequences: tokens drawn one after the other, each from those before it, in integers.

The hidden state of a position is a sum of table rows, one for each token that it sees (all earlier
ones by their place, a window of them by how far back they are, or chosen ones), so a step costs a
few rows and a few small products. The draw is an argmax of scores plus tabulated Gumbel noise.

docs/spec/exact-renderer.md, section 4. Source: neural autoregressive distribution estimation,
Larochelle & Murray 2011, Uria et al. 2016; Gumbel-max, Maddison et al. 2014.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import BadWeights
from medici.studio.exact import latents
from medici.studio.exact.network import LOWEST, ONE, Layer, Network, certified, settle

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Sequence as Row

    from numpy.typing import NDArray

    from medici.studio.exact.network import Numbers

NOISE_LEVELS = 1 << 12
_THOUSAND = np.array(1000.0)
OPEN = -1
"""A token that is to be drawn; any other value is given and kept."""


def gumbel_table() -> NDArray[np.int16]:
    """Gumbel noise in Q10 at 4,096 midpoints; stored with every model, never recomputed there."""
    u = (np.arange(NOISE_LEVELS) + 0.5) / NOISE_LEVELS
    return np.asarray(np.rint(-np.log(-np.log(u)) * ONE), np.int16)


@dataclass(frozen=True, slots=True)
class Weights:
    """The integers of a sequence.

    Attributes:
        tables: (places, values, C) int16: row of each token, by its place, or by how far back.
        conditions: (channels, values, C) int16: rows of what is told about each position; may
            have no channels.
        positions: (periods, C) int64 at the accumulator's scale; position t takes t mod periods.
        shift: of the hidden state's accumulator.
        blocks: dense layers of the residual network on the hidden state.
        heads: (heads, values, C) int16; position t takes t mod heads.
        offsets: (heads, values) int64 at the scores' scale.
        score_shift: brings scores to Q10.
        noise: (4096,) int16, see `gumbel_table`.
        relative: whether tables go by how far back a token is.
        reads: tokens that are chosen: for each turn pairs (how far back, which table); position t
            takes turn t mod turns. Empty unless tokens are chosen so.
    """

    tables: NDArray[np.int16]
    conditions: NDArray[np.int16]
    positions: NDArray[np.int64]
    shift: int
    blocks: tuple[Layer, ...]
    heads: NDArray[np.int16]
    offsets: NDArray[np.int64]
    score_shift: int
    noise: NDArray[np.int16]
    relative: bool = False
    reads: tuple[tuple[tuple[int, int], ...], ...] = ()

    @property
    def terms(self) -> int:
        """Most rows that a hidden state sums."""
        seen = max(map(len, self.reads)) if self.reads else len(self.tables)
        return seen + len(self.conditions)

    def check(self) -> None:
        """Shapes against each other.

        Raises:
            ValueError: they disagree.
        """
        width, values = self.tables.shape[2], self.tables.shape[1]
        for name, array, dtype, shape in (
            ("tables", self.tables, np.int16, (len(self.tables), values, width)),
            ("conditions", self.conditions, np.int16, (*self.conditions.shape[:2], width)),
            ("positions", self.positions, np.int64, (len(self.positions), width)),
            ("heads", self.heads, np.int16, (len(self.heads), values, width)),
            ("offsets", self.offsets, np.int64, (len(self.heads), values)),
            ("noise", self.noise, np.int16, (NOISE_LEVELS,)),
        ):
            if array.dtype != dtype or array.shape != shape:
                raise ValueError(f"{name} is {array.shape} {array.dtype}, not {shape}")
        if not (0 < self.shift <= 30 and 0 < self.score_shift <= 30):
            raise ValueError("a sequence drops between 1 and 30 bits")
        if self.relative and self.reads:
            raise ValueError("a sequence that chooses its tokens is not also relative")
        for back, table in (pair for turn in self.reads for pair in turn):
            if back < 1 or not 0 <= table < len(self.tables):
                raise ValueError(f"no table {table} for a token {back} back")


class Sequence:
    """Draws token sequences.

    Args:
        weights: checked integers.
        name: for the certificate.

    Raises:
        BadWeights: sums could overflow.
    """

    def __init__(self, weights: Weights, name: str = "sequence") -> None:
        weights.check()
        self.weights, self.name = weights, name
        told = [w for w in (weights.tables, weights.conditions) if w.size]
        largest = max(int(np.abs(w.astype(np.int64)).max(initial=0)) for w in told)
        hidden = weights.terms * largest * ONE + int(np.abs(weights.positions).max(initial=0))
        top = int(np.abs(weights.heads.astype(np.int64)).max(initial=0))
        scores = weights.heads.shape[2] * top * -LOWEST + int(np.abs(weights.offsets).max())
        self.blocks = Network(weights.blocks) if weights.blocks else None
        self.certificate = [
            certified(f"{name}.hidden", hidden),
            *(self.blocks.certificate if self.blocks else []),
            certified(f"{name}.scores", scores),
        ]
        # Rows at the accumulator's scale: a token is a one-hot input of 1.0 in Q10.
        self._tables = weights.tables.astype(np.float64) * ONE
        self._flat = self._tables.reshape(-1, self._tables.shape[2])
        # By turn: how far back, and where the table's rows begin; nearest tokens first.
        self._reads = [np.array(sorted(turn), np.int64).reshape(-1, 2) for turn in weights.reads]
        self._conditions = weights.conditions.astype(np.float64) * ONE
        self._positions = weights.positions.astype(np.float64)
        self._heads = np.ascontiguousarray(weights.heads.swapaxes(1, 2).astype(np.float64))
        self._offsets = weights.offsets.astype(np.float64)
        # Any product of matrices that adds exactly will do, as in `Network`.
        self.product: Callable[[Numbers, Numbers], Numbers] = np.matmul

    @property
    def _absolute(self) -> bool:
        return not self.weights.relative and not self.weights.reads

    @property
    def values(self) -> int:
        """How many values a token may have."""
        return int(self.weights.tables.shape[1])

    def noise(self, use: str, seeds: Row[int], length: int) -> NDArray[np.int64]:
        """Gumbel noise of seeds, in Q10: (n, length, values) int64."""
        size = length * self.values
        data = latents.streams(use, seeds, size * latents.BYTES_A_DRAW)
        drawn = self.weights.noise[latents.draws(data)]
        return drawn.reshape(len(seeds), length, self.values).astype(np.int64)

    def draw(
        self,
        noise: NDArray[np.int64],
        psi: int = 1000,
        given: NDArray[np.int64] | None = None,
        told: NDArray[np.int64] | None = None,
    ) -> NDArray[np.int64]:
        """Draw every open token.

        Args:
            noise: (n, length, values) Q10.
            psi: temperature in thousandths: 1000 draws from the model, 0 takes the likeliest.
            given: (n, length) tokens that are given; `OPEN` where they are to be drawn.
            told: (n, length, channels) the conditions of each position.

        Returns:
            (n, length) int64 tokens.

        Raises:
            BadWeights: the sequence is longer than an absolute model's tables.
        """
        n, length, _ = noise.shape
        if self._absolute and length > len(self._tables):
            raise BadWeights(f"{self.name} draws at most {len(self._tables)} tokens, not {length}")
        tokens = np.full((n, length), OPEN, np.int64) if given is None else given.copy()
        running = np.zeros((n, self._tables.shape[2]))
        # Whole numbers far below 2^53: floats hold them.
        noise_scaled = (noise * psi).astype(np.float64)
        wanted = tokens == OPEN
        some, every = wanted.any(0).tolist(), wanted.all(0).tolist()
        for t in range(length):
            if some[t]:
                scores = self._scores(tokens, t, running, told)
                scores *= _THOUSAND
                scores += noise_scaled[:, t]
                best = scores.argmax(-1)
                tokens[:, t] = best if every[t] else np.where(wanted[:, t], best, tokens[:, t])
            if self._absolute:
                running += self._tables[t, tokens[:, t]]
        return tokens

    def _scores(
        self,
        tokens: NDArray[np.int64],
        t: int,
        running: NDArray[np.float64],
        told: NDArray[np.int64] | None,
    ) -> NDArray[np.float64]:
        """Scores of the values at one position, (n, values) Q10; specification section 4."""
        weights = self.weights
        sums = running + self._positions[t % len(self._positions)]
        if weights.reads:
            backs, table = self._reads[t % len(self._reads)].T
            seen = int(np.searchsorted(backs, t, side="right"))
            rows = tokens[:, t - backs[:seen]] + table[:seen] * self.values
            sums += self._flat[rows].sum(1)
        elif weights.relative:
            for back in range(1, min(t, len(self._tables)) + 1):
                sums += self._tables[back - 1, tokens[:, t - back]]
        if told is not None:
            for channel in range(told.shape[2]):
                sums += self._conditions[channel, told[:, t, channel]]
        x = settle(sums, weights.shift, leaky=True)
        if self.blocks is not None:
            x = self.blocks(x)
        head = t % len(self._heads)
        scores = self.product(x, self._heads[head])
        scores += self._offsets[head]
        return settle(scores, weights.score_shift, leaky=False)

    def log_scores(
        self, tokens: NDArray[np.int64], told: NDArray[np.int64] | None = None
    ) -> NDArray[np.float64]:
        """Scores at every position of given sequences, (n, length, values) Q10."""
        running = np.zeros((len(tokens), self._tables.shape[2]))
        out = []
        for t in range(tokens.shape[1]):
            out.append(self._scores(tokens, t, running, told))
            if self._absolute:
                running += self._tables[t, tokens[:, t]]
        return np.stack(out, axis=1)


def describe(weights: Weights) -> dict[str, Any]:
    """The sequence as a header describes it."""
    told: dict[str, Any] = {
        "tables": list(weights.tables.shape),
        "conditions": list(weights.conditions.shape),
        "positions": len(weights.positions),
        "heads": len(weights.heads),
        "shift": weights.shift,
        "score_shift": weights.score_shift,
        "blocks": [layer.as_json() for layer in weights.blocks],
    }
    if weights.reads:
        told["reads"] = [[list(pair) for pair in turn] for turn in weights.reads]
    return told | {"relative": True} if weights.relative else told


__all__ = ["OPEN", "BadWeights", "Sequence", "Weights", "describe", "gumbel_table"]
