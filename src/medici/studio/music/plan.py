"""Plans of works: phrases, metre, upbeat and key, decided in integers before the first note."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medici.studio.exact import latents
from medici.studio.music.score import REST, VOICES, find_key
from medici.studio.music.tokens import Plan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medici.studio.music.style import Style

STREAM = "plan"
LEVELS = 1 << 16
_BYTES = 4
# Works in four quarters that begin with an upbeat, and those in three: of 256.
_UPBEATS, _UPBEATS_IN_THREE = 186, 69
# By quarters a bar and upbeat: bars a phrase, steps under an inner fermata, and under the last.
_FORMS = {
    (4, True): (2, 2, 6),
    (4, False): (2, 4, 4),
    (3, True): (4, 4, 4),
    (3, False): (4, 6, 6),
}


def make_plan(seed: int, style: Style, keys: NDArray[np.int64]) -> Plan:
    """The plan of a seed; whatever the style leaves open comes from the seed's stream.

    Args:
        seed: of the work.
        style: may fix bars, metre, upbeat and key.
        keys: (24,) cumulative levels of the keys, out of `LEVELS`.
    """
    drawn = latents.stream(STREAM, seed, _BYTES)
    tonic, mode = choose_key(int(drawn[0]) << 8 | int(drawn[1]), style.tonic, style.mode, keys)
    upbeat = drawn_upbeat(int(drawn[2]), style)
    bars, inner, last = _FORMS[style.metre, upbeat > 0]
    bar = 2 * style.metre
    fermata = np.zeros(style.bars * bar, bool)
    # Phrases are counted back from the end, so that an odd bar lengthens the first one.
    ends = list(range(len(fermata), 0, -bars * bar))[::-1]
    if len(ends) > 1 and ends[0] < bars * bar:
        ends = ends[1:]
    for end in ends[:-1]:
        fermata[end - inner : end] = True
    fermata[len(fermata) - last :] = True
    return Plan(fermata, bar, upbeat, tonic, mode)


def drawn_upbeat(byte: int, style: Style) -> int:
    """Steps before the first whole bar: the style's, or one quarter or none by a byte."""
    if style.upbeat is not None:
        return style.upbeat
    return 2 if byte < (_UPBEATS if style.metre == 4 else _UPBEATS_IN_THREE) else 0


def choose_key(
    level: int, tonic: int | None, mode: int | None, keys: NDArray[np.int64]
) -> tuple[int, int]:
    """Tonic and mode at a level from 0 to `LEVELS` - 1, among the keys that a style allows.

    A tonic that training never met in an allowed mode is taken all the same when it is asked for.
    """
    sizes = np.diff(keys, prepend=0)
    allowed = np.array(
        [
            (tonic is None or t % 12 == tonic) and (mode is None or t // 12 == mode)
            for t in range(24)
        ]
    )
    left = np.where(allowed, sizes, 0)
    if not left.any():
        left = allowed.astype(np.int64)
    ends = np.cumsum(left)
    found = int(np.searchsorted(ends, level * int(ends[-1]) // LEVELS, side="right"))
    return found % 12, found // 12


def plan_of_voices(seed: int, style: Style) -> tuple[Plan, NDArray[np.int16], NDArray[np.bool_]]:
    """The plan that given voices follow, and their notes.

    Returns:
        plan, pitches (steps, 4) with `REST` in open voices, starts (steps, 4).
    """
    given = style.given
    first = next(iter(given.values()))
    pitches = np.full((len(first.pitches), len(VOICES)), REST, np.int16)
    starts = np.zeros(pitches.shape, bool)
    fermata = np.zeros(len(pitches), bool)
    for voice, told in given.items():
        pitches[:, voice], starts[:, voice] = told.pitches, told.starts
        fermata |= told.fermata
    tonic, mode = find_key(pitches)
    upbeat = drawn_upbeat(int(latents.stream(STREAM, seed, _BYTES)[2]), style)
    plan = Plan(
        fermata,
        2 * style.metre,
        upbeat,
        tonic if style.tonic is None else style.tonic,
        mode if style.mode is None else style.mode,
    )
    return plan, pitches, starts
