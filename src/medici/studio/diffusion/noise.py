"""Random streams of seeds, and noise on the way from one seed to another."""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from math import hypot
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from medici.errors import BadStyle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from medici.studio.diffusion.style import Style


def stream(seed: int) -> torch.Generator:
    """The random stream of a seed, drawn on the CPU.

    Up to 2^32 it is the stream that everybody who samples with diffusers gets for this seed.
    PyTorch looks at no more than 32 bits, so larger seeds are hashed to that many: they do not
    repeat the small ones in order.
    """
    if seed >= 1 << 32:
        seed = int.from_bytes(hashlib.sha256(f"medici/seed/{seed}".encode()).digest()[:4], "big")
    return torch.Generator().manual_seed(seed)


def streams(
    seeds: Sequence[int], style: Style
) -> tuple[list[torch.Generator], AbstractContextManager[object]]:
    """One stream a seed, and where to draw from them: there the style's blend holds."""
    own = [stream(seed) for seed in seeds]
    if style.blend_seed is None or not style.blend_amount:
        return own, nullcontext()
    return own, Blending(own, style.blend_seed, style.blend_amount)


class Blending(TorchFunctionMode):
    """While it is entered, normals drawn from some streams lie towards those of another seed.

    ``((1 - b)·z + b·z2) / sqrt((1 - b)² + b²)``, which has the variance of z: the noise to start
    from, and what samplers add later. All of diffusers draws through `torch.randn` with a generator
    of ours, so this also reaches the pipelines of others. It holds in one thread alone.

    Args:
        own: streams, one a picture. One that is the other seed's stays as it is.
        seed: whose normals z2 are; every picture gets a stream of it.
        amount: thousandths of the way, b·1000.
    """

    def __init__(self, own: Sequence[torch.Generator], seed: int, amount: int) -> None:
        super().__init__()
        b = amount / 1000
        self.near, self.far = (1 - b) / hypot(1 - b, b), b / hypot(1 - b, b)
        there = stream(seed).initial_seed()
        self.others = {g: stream(seed) for g in own if g.initial_seed() != there}

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call into PyTorch; where it draws from a stream of ours, blend.

        Raises:
            BadStyle: something other than normals is drawn, and there is no way between two.
        """
        told = kwargs or {}
        made = func(*args, **told)
        other = self.others.get(told["generator"]) if told.get("generator") is not None else None
        if other is None:
            return made
        if func is not torch.randn:
            raise BadStyle(
                f"this model cannot blend: it draws by {getattr(func, '__name__', func)}",
                "leave blend out; films can dissolve",
            )
        return self.near * made + self.far * func(*args, **{**told, "generator": other})
