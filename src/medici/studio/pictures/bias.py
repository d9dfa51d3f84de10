"""The bias report: what the data hold and what the model makes of it, measured the same way.

Colours are counted directly. Attributes (skin tone, glasses, hat …) are read from the pixels by a
small classifier trained on the data set's own labels; its held-out accuracy stands beside every
figure, since a share is no better than the reader that counted it. Needs PyTorch.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from medici.studio.data.folder import colour_counts
from medici.studio.metrics.memorisation import thumbnails

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from medici.studio.data.folder import PictureSet

_NONE = "none"
# Chosen by programme and invisible in the picture, or too fine for shares to mean anything.
_UNSEEN = ("backgroundType", "backgroundRotation", "accessoriesColor", "glassesColor", "hatColor")
_MOST_VALUES = 64
_READ_AT = 64  # pixels a side at most
# Of more colours than these hardly one occurs twice: shares of single ones would say nothing.
_MOST_COLOURS = 4096
_BITS = 5


def colour_report(data: NDArray[np.uint8], made: NDArray[np.uint8], most: int = 24) -> Any:
    """Shares of the commonest opaque colours in the data and in samples.

    Args:
        data: (n, h, w, 4) uint8.
        made: (m, h, w, 4) uint8.
        most: how many colours are listed; the distance is over all.

    Returns:
        ``total_variation`` (0 same, 1 disjoint) and ``shares``: colour → [data, samples]. Where
        a side has more than 4,096 colours, as photographs have, colours are counted at 5 bits
        a channel, and ``bits_per_channel`` says so.
    """
    sides = [colour_counts(data), colour_counts(made)]
    told: dict[str, Any] = {}
    if max(len(found) for found, _ in sides) > _MOST_COLOURS:
        told["bits_per_channel"] = _BITS
        sides = [(_coarse(found), counts) for found, counts in sides]
    codes = np.unique(np.concatenate([found for found, _ in sides]))
    shares = np.stack([_shares(codes, *side) for side in sides], axis=1)
    # Commonest in the data first; the sort is stable, so that ties keep the colours' order.
    first = np.argsort(-shares[:, 0], kind="stable")[:most]
    return {
        **told,
        "total_variation": round(float(np.abs(shares[:, 0] - shares[:, 1]).sum()) / 2, 4),
        "shares": {f"#{codes[i]:06x}": [round(float(k), 4) for k in shares[i]] for i in first},
    }


def _coarse(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The colours at fewer bits a channel, black and white where they were."""
    channels = [codes >> shift & 255 for shift in (16, 8, 0)]
    top = [c >> (8 - _BITS) for c in channels]
    red, green, blue = (c << (8 - _BITS) | c >> (2 * _BITS - 8) for c in top)
    return red << 16 | green << 8 | blue


def _shares(
    codes: NDArray[np.int64], found: NDArray[np.int64], counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Share of each of `codes`, ascending, among colours that all are in it."""
    out = np.bincount(np.searchsorted(codes, found), counts, len(codes))
    return out / max(int(counts.sum()), 1)


def _compared(
    data: Mapping[str, float], made: Mapping[str, float], names: Sequence[str], most: int
) -> dict[str, Any]:
    gap = sum(abs(data.get(n, 0.0) - made.get(n, 0.0)) for n in names) / 2
    return {
        "total_variation": round(gap, 4),
        "shares": {
            n: [round(data.get(n, 0.0), 4), round(made.get(n, 0.0), 4)] for n in names[:most]
        },
    }


class _Reader(nn.Module):
    """Shared body, one head an attribute."""

    def __init__(self, inputs: int, values: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(inputs, 192), nn.ReLU())
        self.heads = nn.ModuleDict({k: nn.Linear(192, len(v)) for k, v in values.items()})

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        h = self.body(x)
        return {k: head(h) for k, head in self.heads.items()}


def attribute_report(
    train: PictureSet, held_out: PictureSet, made: NDArray[np.uint8], epochs: int = 8
) -> dict[str, Any]:
    """Shares of each attribute's values in the data and, as read from pixels, in samples.

    Args:
        train: labelled pictures that the reader learns from.
        held_out: labelled pictures that its accuracy is measured on.
        made: (m, h, w, 4) uint8 samples.
        epochs: passes over `train`.

    Returns:
        attribute → ``reader_accuracy``, ``total_variation``, ``shares``; the data's shares are the
        true labels, the samples' shares are read. Empty where no picture has any.
    """
    labels, fresh = train.attributes(), held_out.attributes()
    values = _values(labels)
    if not values or not any(fresh):
        return {}
    reader = _learn(train, labels, values, epochs)
    told, read = _read(reader, held_out.pixels), _read(reader, made)
    report = {}
    for key, names in values.items():
        truth = np.array([_label(row, key, names) for row in fresh])
        true_shares = Counter(str(row.get(key, _NONE)) for row in labels)
        data = {n: true_shares[n] / len(labels) for n in names}
        found = np.bincount(read[key], minlength=len(names)) / max(len(made), 1)
        order = sorted(names, key=lambda n: (-data[n], n))
        report[key] = {
            "reader_accuracy": round(float((told[key] == truth).mean()), 4),
            **_compared(data, dict(zip(names, found.tolist(), strict=True)), order, _MOST_VALUES),
        }
    return report


def _values(labels: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    keys = sorted({k for row in labels for k in row if k not in _UNSEEN})
    found = {k: sorted({str(row.get(k, _NONE)) for row in labels}) for k in keys}
    return {k: v for k, v in found.items() if 2 <= len(v) <= _MOST_VALUES}


def _label(row: Mapping[str, str], key: str, names: Sequence[str]) -> int:
    value = str(row.get(key, _NONE))
    return names.index(value) if value in names else -1


def _inputs(pixels: NDArray[np.uint8]) -> torch.Tensor:
    small = thumbnails(pixels, _READ_AT)
    return torch.from_numpy(small.reshape(len(small), -1)).float() / 127.5 - 1


def _learn(
    train: PictureSet,
    labels: Sequence[Mapping[str, str]],
    values: Mapping[str, list[str]],
    epochs: int,
) -> _Reader:
    x = _inputs(train.pixels)
    targets = {
        k: torch.tensor([_label(row, k, names) for row in labels]) for k, names in values.items()
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        reader = _Reader(x.shape[1], values)
        optimiser = torch.optim.Adam(reader.parameters(), 2e-3)
        for _ in range(epochs):
            for chosen in torch.split(torch.randperm(len(x)), 128):
                scores = reader(x[chosen])
                losses = [F.cross_entropy(scores[k], targets[k][chosen]) for k in values]
                optimiser.zero_grad(set_to_none=True)
                torch.autograd.backward(torch.stack(losses).sum())
                optimiser.step()
    return reader.eval()


def _read(reader: _Reader, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.int64]]:
    with torch.no_grad():
        return {k: v.argmax(1).numpy() for k, v in reader(_inputs(pixels)).items()}
