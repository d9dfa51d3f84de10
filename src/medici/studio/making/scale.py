"""Batches at scale: the same works as one process makes, by many, through Ray Data.

Every worker loads the model by its name or folder; seeds go out in blocks and come back in order. A
local Ray is started on the loopback address without dashboard and usage reports, and is shut down
again; a Ray that is running already (a cluster) is used as it is.
"""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.content import content_digest, encode
from medici.errors import MissingPart, WrongUse
from medici.records import WorkId
from medici.studio.making.pipeline import TOGETHER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

    from numpy.typing import NDArray

    from medici.studio.families import Generator

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    # Today's default, said aloud: the notice about its change is for people who did not decide.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


@dataclass(frozen=True, slots=True)
class Made:
    """A work that came back from a worker.

    Attributes:
        seed: it was made from.
        work: its content digest, taken by the worker.
        suffix: of the file: ``png``, ``wav``, ``txt``.
        file: the bare work.
    """

    seed: int
    work: WorkId
    suffix: str
    file: bytes


@lru_cache(maxsize=2)
def _loaded(model: str) -> Generator:
    """The model, loaded once in each worker process."""
    from medici.studio.families import load_model

    return load_model(model)


def make(
    batch: dict[str, NDArray[Any]], *, model: str, style: Mapping[str, Any], first: int
) -> dict[str, NDArray[Any]]:
    """What runs in a worker: numbers → seeds, digests and files.

    Args:
        batch: ``id``, numbers counted from 0.
        model: a shipped model's name or a model's folder.
        style: of all works.
        first: seed of number 0.
    """
    seeds = [first + int(number) for number in batch["id"]]
    works = _loaded(model).sample_many(seeds, style)
    files = [encode(work) for work in works]
    return {
        "seed": np.array(seeds, np.int64),
        "work": np.array([str(content_digest(work)) for work in works], object),
        "suffix": np.array([suffix for suffix, _ in files], object),
        "file": np.array([data for _, data in files], object),
    }


def render(
    model: str,
    first: int,
    count: int,
    style: Mapping[str, Any] | None = None,
    workers: int = 2,
    together: int = TOGETHER,
) -> Iterator[Made]:
    """Works of `count` seeds from `first` on, in order, made by several processes.

    Args:
        model: a shipped model's name or a model's folder; every worker must reach it.
        first: the first seed.
        count: how many.
        style: of all works.
        workers: processes.
        together: seeds a block at most; fewer where some workers would have none.

    Raises:
        MissingPart: Ray is not installed.
        BadStyle, NoWeights: seen before any worker is started.
    """
    if workers < 1 or count < 1:
        raise WrongUse("a batch has at least one worker and one work")
    # Errors of the caller's come as they are here, not wrapped in a worker's.
    told: dict[str, Any] = {"model": str(model), "style": dict(style or {}), "first": first}
    make({"id": np.array([0])}, **told)
    together = min(together, -(-count // workers))
    with cluster(workers) as ray:
        with warnings.catch_warnings():
            # Its own constructor sets what it calls deprecated.
            warnings.simplefilter("ignore", DeprecationWarning)
            context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True
        numbers = ray.data.range(count, override_num_blocks=max(1, -(-count // together)))
        made = numbers.map_batches(
            make,
            fn_kwargs=told,
            compute=ray.data.TaskPoolStrategy(size=workers),
            batch_size=together,
            num_cpus=1,
        )
        for row in made.iter_rows():
            yield Made(
                int(row["seed"]), WorkId(row["work"]), str(row["suffix"]), bytes(row["file"])
            )


@contextmanager
def cluster(workers: int) -> Iterator[ModuleType]:
    """Ray, running; one that was started here is shut down again.

    Raises:
        MissingPart: it is not installed.
    """
    for key, value in _QUIET.items():
        os.environ.setdefault(key, value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import ray
            import ray.data
    except ImportError as error:
        raise MissingPart("batches at scale need Ray", "pip install 'medici[scale]'") from error
    ours = not ray.is_initialized()
    if ours:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ray.init(
                num_cpus=workers,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                _node_ip_address="127.0.0.1",
            )
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        yield ray
    finally:
        if ours:
            ray.shutdown()
