"""How large a model can draw by itself, where others only repeat pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medici.errors import BadStyle
from medici.studio.making.upscale import enlarge

if TYPE_CHECKING:
    from medici.studio.families import Generator


def drawn_at(model: Generator, seed: int, side: int) -> dict[str, int]:
    """The style under which a model itself draws works of about so many pixels a side.

    Args:
        model: any.
        seed: of one of its works.
        side: pixels that are wanted.

    Returns:
        its ``scale``, a power of two, at most as large as asked for; empty for models that have no
        such key, whose larger works are the small ones with every pixel repeated, or that draw more
        rather than larger (textures, by their ``width``).
    """
    if "scale" not in model.keys or "width" in model.keys:
        return {}
    one, two = (model.sample(seed, {"scale": scale}).pixels for scale in (1, 2))
    if (enlarge(one, 2) == two).all():
        return {}
    scale = 1 << max(0, (side // max(one.shape[:2])).bit_length() - 1)
    while scale > 1:
        try:
            model.sample(seed, {"scale": scale})
            break
        except BadStyle:
            scale //= 2
    return {"scale": scale}
