"""A model folder is written beside the one that is there, and takes its place when it is whole."""

from __future__ import annotations

import shutil
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from medici.studio.families import RECORD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PART = ".publishing"
Trained = TypeVar("Trained")
Told = ParamSpec("Told")
Answer = TypeVar("Answer")


def staged(
    publish: Callable[Concatenate[Trained, Path, Told], Answer],
) -> Callable[Concatenate[Trained, Path, Told], Answer]:
    """Let a function that writes a model folder write all of it before anything is replaced.

    What was published before stays as it was when writing ends early. At the end files are moved,
    the record last: a folder whose record names other weights is refused, never believed.

    Args:
        publish: takes what was trained and the folder, and perhaps more.
    """

    @wraps(publish)
    def published(
        trained: Trained, out: Path, /, *args: Told.args, **kwargs: Told.kwargs
    ) -> Answer:
        part = out / _PART
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        try:
            answer = publish(trained, part, *args, **kwargs)
            written = [path for path in part.rglob("*") if path.is_file()]
            for path in sorted(written, key=lambda p: (p == part / RECORD, p)):
                place = out / path.relative_to(part)
                place.parent.mkdir(parents=True, exist_ok=True)
                path.replace(place)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return answer

    return published
