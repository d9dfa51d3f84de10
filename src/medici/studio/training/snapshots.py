"""Snapshots on disk: safetensors with a description. Nothing is ever unpickled."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from medici.errors import BadWeights, MissingPart
from medici.store import atomic_write
from medici.studio.training.folder import how_to_go_on
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from torch import Tensor

# First bytes of what people offer as weights although it can run code: torch.save is a zip file
# of pickles, older ones are pickles themselves.
_PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"\x80\x06")


def write_snapshot(
    path: Path, about: Mapping[str, Any], tensors: Mapping[str, Tensor], what: str = "snapshot"
) -> None:
    """Write tensors and their description: a crash at any instant leaves the old file or the new.

    Raises:
        MissingPart: the disk is full or cannot be written; what was there before is whole.
    """
    data = save(
        {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()},
        metadata={"medici": json.dumps(about)},
    )
    try:
        atomic_write(path, data)
    except OSError as error:
        before = "the one before it is whole" if path.exists() else "nothing was written"
        raise MissingPart(
            f"the {what} {path} ({len(data) >> 10} KiB) cannot be written: {error.strerror}",
            f"make room on the disk; {before}, and {how_to_go_on(path.parent)}",
            code="disk-full",
        ) from error


def read_snapshot(
    path: Path, schema: str | None = None, what: str = "training snapshot"
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What a snapshot says of itself, and its tensors.

    Args:
        path: of the file.
        schema: that its description must have, if any.
        what: it ought to be, for messages.

    Raises:
        BadWeights: a pickle, damaged, or another kind of file; the message names it.
    """
    with _opened(path, what) as file:
        about = read_json((file.metadata() or {})["medici"])
        tensors = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118
    if not isinstance(about, dict) or (schema is not None and about.get("schema") != schema):
        found = about.get("schema") if isinstance(about, dict) else about
        raise BadWeights(f"{path} is not a {what} of this family, it says {found!r}")
    return about, tensors


def recipe_in(path: Path) -> dict[str, Any]:
    """Sizes and rates of the run that a snapshot is of, in one flat mapping; no tensor is read.

    Raises:
        BadWeights: as `read_snapshot`.
    """
    with _opened(path, "training snapshot") as file:
        about = read_json((file.metadata() or {})["medici"])
        recipe = about["recipe"]
        return {**recipe, **recipe.get("shape", about.get("shape", {}))}


@contextmanager
def _opened(path: Path, what: str) -> Iterator[Any]:
    try:
        with path.open("rb") as file:
            head = file.read(4)
        if head.startswith(_PICKLES):
            raise BadWeights(
                f"{path} is a pickle, which can run any code; it is not opened",
                "convert it to safetensors where you trust it: safetensors.torch.save_file",
                code="pickle-refused",
            )
        with safe_open(path, framework="pt") as opened:
            yield opened
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise BadWeights(
            f"{path} is not a {what}: {error}", "train without --resume to start anew"
        ) from error


@contextmanager
def fitting(path: Path, what: str = "snapshot of this architecture") -> Iterator[None]:
    """What a file holds is taken over inside; whatever does not fit is told in its name.

    Raises:
        BadWeights: something is missing, of another kind, or of another shape.
    """
    try:
        yield
    except (KeyError, RuntimeError, ValueError, TypeError) as error:
        raise BadWeights(f"{path} is not a {what}: {error}") from error


def under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin so, without that beginning."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """An optimiser's state for a snapshot, ``parameter.name`` → tensor."""
    return {
        f"{number}.{name}": torch.as_tensor(value)
        for number, state in optimiser.state_dict()["state"].items()
        for name, value in state.items()
    }


def load_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Set an optimiser's state to what `optimiser_tensors` gave; whatever it held is gone.

    Raises:
        RuntimeError, ValueError: it is another network's.
    """
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, _, name = key.partition(".")
        state.setdefault(int(number), {})[name] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
    for parameter, held in optimiser.state.items():
        for name, value in held.items():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                # Fused kernels walk both in the order of memory, which channels-last changes.
                held[name] = torch.empty_like(parameter).copy_(value)


def refuse_other(path: Path, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    """Compare what two runs must agree on.

    Raises:
        BadWeights: they differ; the message names each difference with both values.
    """
    different = [f"{k} {theirs.get(k)!r}, not {v!r}" for k, v in mine.items() if theirs.get(k) != v]
    if different:
        raise BadWeights(
            f"{path} is of another architecture: " + "; ".join(different),
            "resume with the same settings and data, or train into a new folder",
            code="other-architecture",
        )
