"""The generation record: how one work came to be, bound to its content by digest."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from medici.content import content_digest
from medici.records import GenerationRecord

if TYPE_CHECKING:
    from medici.records import ModelRecord, Rendering


def rfc3339(time: dt.datetime) -> str:
    """The aware time in UTC, to the second: ``2026-11-22T10:00:00Z``."""
    return time.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def describe(
    rendering: Rendering, model: ModelRecord, style_version: int, created: dt.datetime
) -> GenerationRecord:
    """The record of a work that the model rendered; its size is that of its picture.

    Args:
        rendering: what came out, with its seed and style.
        model: the record of the model that made it.
        style_version: version of the firm's style book it was made under.
        created: aware time of creation.
    """
    height, width = rendering.pixels.shape[:2]
    return GenerationRecord(
        content=content_digest(rendering),
        kind=rendering.kind,
        model=model.id,
        weights_sha256=model.weights_sha256,
        data_root=model.data_root,
        model_record=model.digest,
        renderer=model.renderer,
        seed=rendering.seed,
        style=dict(rendering.style),
        style_version=style_version,
        size=(width, height),
        created=rfc3339(created),
    )
