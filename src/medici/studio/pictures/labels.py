"""Pixels as indices of a palette, which is what the decoder of codes is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from medici.studio.data.folder import colour_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_EXACT = 1 << 16  # colours


class Labels:
    """Pixels as palette indices: the nearest colour, looked up in tables once made.

    Args:
        palette: (k, 3) uint8.
        pixels: (n, h, w, 4) uint8; their colours are looked up exactly, others by cells of 8³.
        transparent: whether label 0 is transparent and colours count from 1.
    """

    def __init__(
        self, palette: NDArray[np.uint8], pixels: NDArray[np.uint8], *, transparent: bool
    ) -> None:
        self.transparent = transparent
        axes = np.meshgrid(*[np.arange(32) * 8 + 4] * 3, indexing="ij")
        cells = _nearest(np.stack(axes, -1).reshape(-1, 3), palette)
        codes = colour_counts(pixels)[0][:_EXACT]
        known = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], -1)
        self.codes = torch.from_numpy(codes)
        self.labels = torch.from_numpy(_nearest(known, palette) + int(transparent))
        self.cells = torch.from_numpy(cells + int(transparent))

    def __call__(self, pixels: Tensor) -> Tensor:
        """(n, h, w, 4) uint8 → (n, h, w) int64."""
        r, g, b, alpha = pixels.long().unbind(-1)
        code = r << 16 | g << 8 | b
        where = torch.searchsorted(self.codes, code).clamp(max=len(self.codes) - 1)
        near = self.cells[r >> 3 << 10 | g >> 3 << 5 | b >> 3]
        labels = torch.where(self.codes[where] == code, self.labels[where], near)
        return labels * (alpha > 0) if self.transparent else labels


def _nearest(colours: NDArray[np.int64], palette: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Index of the nearest palette colour, (n, 3) → (n,)."""
    parts = [
        ((part[:, None] - palette[None].astype(np.int64)) ** 2).sum(-1).argmin(1)
        for part in np.array_split(colours, len(colours) // 4096 + 1)
    ]
    return np.concatenate(parts)
