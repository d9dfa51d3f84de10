"""A model folder is written beside the one that is there, and takes its place when it is whole."""

from __future__ import annotations

import json
import platform
from functools import wraps
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from medici.store import atomic_write, staging
from medici.studio.families import RECORD, RUN
from medici.studio.training.folder import forget_unpublished
from medici.studio.training.origin import with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from medici.records import ModelRecord

_PART = ".publishing"
Trained = TypeVar("Trained")
Told = ParamSpec("Told")


def staged(
    publish: Callable[Concatenate[Trained, Path, Told], ModelRecord],
) -> Callable[Concatenate[Trained, Path, Told], ModelRecord]:
    """Let a function that writes a model folder write all of it before anything is replaced.

    What was published before stays as it was when writing ends early. At the end files are moved,
    the record last: a folder whose record names other weights is refused, never believed. A model
    that was fine-tuned names in its record what it began as.

    Args:
        publish: takes what was trained and the folder, and perhaps more.
    """

    @wraps(publish)
    def published(
        trained: Trained, out: Path, /, *args: Told.args, **kwargs: Told.kwargs
    ) -> ModelRecord:
        with staging(out, RECORD, _PART) as part:
            alone = publish(trained, part, *args, **kwargs)
            record = with_parent(alone, out / RUN)
            if record != alone:
                write_json(part / RECORD, record.as_json())
        forget_unpublished(out / RUN)
        return record

    return published


def write_json(path: Path, value: object) -> None:
    """Write one of a model's JSON files, atomically."""
    atomic_write(path, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())


def versions(*libraries: str) -> dict[str, str]:
    """What a model's numbers were made with, for its record.

    Args:
        libraries: beside numpy, torch and safetensors; those that are not installed are left out.
    """
    told = {"python": platform.python_version()}
    for name in ("numpy", "torch", "safetensors", *libraries):
        try:
            told[name] = version(name)
        except PackageNotFoundError:
            continue
    return told


def about_data(source: Mapping[str, Any], count: int, **more: object) -> dict[str, Any]:
    """Where a model's data come from, for its record.

    Args:
        source: the set's ``source.json``.
        count: of its samples.
        more: what the family adds.
    """
    names = {"title": "", "authors": [], "source": ""}
    return {name: source.get(name, none) for name, none in names.items()} | {"count": count, **more}
