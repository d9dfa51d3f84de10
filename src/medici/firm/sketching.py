"""Generating by hand: into the firm's catalogue where there is a firm, else just into files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medici.content import content_digest
from medici.errors import NoFirm, WrongUse
from medici.firm import making
from medici.firm.house import Firm, model_at
from medici.studio.making.files import write_work

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

JSON = dict[str, Any]
MOST_SEED = 2**53 - 1
"""Greatest seed: what every JSON reader still holds exactly."""


def generate(
    folder: Path,
    seeds: Sequence[int],
    style: JSON,
    *,
    model: str | None = None,
    out: Path | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> JSON:
    """Make works; the same model, seed and style give the same works on every machine.

    Args:
        folder: where a firm is looked for, here and above.
        seeds: one a work.
        style: steering parameters.
        model: another than the firm's; its works are not entered into the catalogue.
        out: where the pictures go; ``out/works`` by default.
        progress: told how many are done.

    Raises:
        WrongUse: a seed is too great.
        BadStyle: a style key is unknown or out of range.
        NoWeights: there is no such model.
    """
    if seeds and seeds[-1] > MOST_SEED:
        raise WrongUse(f"seed {seeds[-1]} is too great", f"at most {MOST_SEED}")
    if model is None:
        try:
            firm = Firm.open(folder)
        except NoFirm:
            pass
        else:
            return making.generate(firm, seeds, style, out, progress)
    generator = model_at(folder, model or "portraits")
    target = out or folder / "out" / "works"
    works = []
    for start in range(0, len(seeds), making.BATCH):
        part = list(seeds[start : start + making.BATCH])
        for rendering in generator.sample_many(part, style):
            path = write_work(target, rendering)
            works.append(making.shown(content_digest(rendering), path, rendering))
        progress(start + len(part))
    return {"model": generator.id, "renderer": generator.record.renderer, "works": works}
