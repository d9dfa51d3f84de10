"""Pipelines of others, opened safely: safetensors only, and no code but the libraries' own."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

from medici.errors import BadWeights, MissingPart, NoWeights
from medici.studio.diffusion.recipe import library
from medici.untrusted import read_json

if TYPE_CHECKING:
    from pathlib import Path

INDEX = "model_index.json"
_LARGEST_INDEX = 1 << 20
# What a hub holds that a pipeline needs; weights at the top (one-file checkpoints) stay there.
HUB_FILES = (
    INDEX,
    "README.md",
    "LICENSE*",
    "*/*.json",
    "*/*.txt",
    "*/*.model",
    "*/*.safetensors",
)


def read_index(folder: Path) -> dict[str, Any]:
    """A pipeline folder's own description: its class, and the class of each part.

    Raises:
        NoWeights: the folder is no pipeline.
        BadWeights: the description is damaged, or names code outside the libraries.
    """
    path = folder / INDEX
    if not path.is_file():
        raise NoWeights(
            f"{folder} holds no {INDEX}", "give a folder that a diffusers pipeline was saved in"
        )
    try:
        if path.stat().st_size > _LARGEST_INDEX:
            raise ValueError("it is too large")
        index = read_json(path.read_text("utf-8"))
        if not isinstance(index, dict):
            raise ValueError("it holds no JSON object")
    except ValueError as error:
        raise BadWeights(f"{path} describes no pipeline: {error}") from error
    for name, part in index.items():
        if name == "_class_name":
            _check_class(path, "diffusers", part)
        elif not name.startswith("_") and isinstance(part, list) and part != [None, None]:
            if len(part) != 2:
                raise BadWeights(f"{path}: part {name} is not [library, class]")
            _check_class(path, part[0], part[1])
    if "_class_name" not in index:
        raise BadWeights(f"{path} names no pipeline class")
    return index


def _check_class(path: Path, room: object, name: object) -> None:
    """Let classes of diffusers and transformers through, and nothing else.

    The library would import any module that a description names.
    """
    library()
    hint = "code that comes with a model is never run; use a pipeline class of diffusers"
    if not isinstance(room, str) or not isinstance(name, str) or not name.isidentifier():
        raise BadWeights(f"{path} asks for {room!r}, {name!r}", hint)
    if room in ("diffusers", "transformers"):
        module = room
    elif room.isidentifier() and not room.startswith("_"):
        module = f"diffusers.pipelines.{room}"
    else:
        raise BadWeights(f"{path} asks for {room}.{name}", hint)
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, RuntimeError) as error:
        raise BadWeights(f"{path} asks for {room}.{name}, which is not known here", hint) from error
    if not isinstance(found, type):
        raise BadWeights(f"{path} asks for {room}.{name}, which is no class", hint)


def open_pipeline(folder: Path) -> Any:
    """The pipeline of a folder, on the fastest device here.

    Raises:
        NoWeights, BadWeights: the folder holds none that can be read safely.
        MissingPart: a library or memory is missing.
    """
    read_index(folder)
    diffusers = library()
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the libraries warn of each other's versions
            pipeline = diffusers.DiffusionPipeline.from_pretrained(
                folder,
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                dtype=torch.float32,
            )
    except ImportError as error:
        raise MissingPart(
            f"the pipeline in {folder} needs a library: {_first(error)}",
            "pip install 'medici[diffusion]' and what the message names",
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise BadWeights(
            f"the pipeline in {folder} cannot be opened: {_first(error)}", "get the model again"
        ) from error
    except Exception as error:  # safetensors has an error class of its own, under Exception
        if type(error).__name__ != "SafetensorError":
            raise
        raise BadWeights(f"weights in {folder} are damaged: {_first(error)}") from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to("cuda" if torch.cuda.is_available() else "cpu")


def _first(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
