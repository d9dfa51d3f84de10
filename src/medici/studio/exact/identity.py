"""A model's file and its name: packed integer tensors, their Merkle root, safetensors on disk.

docs/spec/exact-renderer.md, section 6, is the definition.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from eth_hash.auto import keccak

from medici.errors import BadWeights, NoWeights
from medici.records import Digest, ModelId, canonical_json
from medici.studio.exact.merkle import merkle_root
from medici.studio.exact.network import SCHEMA, ExactNetwork, Layer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Tensors = Mapping[str, NDArray[Any]]

LAYERS = ("mapping", "seed", "up1", "up2", "mask", "colour1", "colour2")
CHUNK = 4096
_WORD = 32
_HEADER_INDEX = 0xFFFFFFFF
_TYPES = {"int16": ">i2", "int64": ">i8", "uint8": ">u1"}


def tensor_names() -> tuple[str, ...]:
    """Every tensor of a model, in the order that the Merkle tree takes them."""
    return (
        *(f"{name}.{part}" for name in LAYERS for part in ("weight", "bias")),
        "mean",
        "palette",
    )


def leaves(header: Mapping[str, Any], tensors: Tensors) -> list[bytes]:
    """Leaf hashes: the header first, then every tensor's chunks in order."""
    out = [_leaf(_HEADER_INDEX, 0, canonical_json(dict(header)))]
    for index, name in enumerate(tensor_names()):
        data = pack(tensors[name])
        out += [_leaf(index, i // CHUNK, data[i : i + CHUNK]) for i in range(0, len(data), CHUNK)]
    return out


def _leaf(tensor: int, chunk: int, data: bytes) -> bytes:
    return keccak(tensor.to_bytes(4, "big") + chunk.to_bytes(4, "big") + data)


def pack(tensor: NDArray[Any]) -> bytes:
    """Big-endian two's complement elements, row by row, zeros up to a whole 32-byte word."""
    data = np.ascontiguousarray(tensor).astype(_TYPES[tensor.dtype.name]).tobytes()
    return data + bytes(-len(data) % _WORD)


def model_id(header: Mapping[str, Any], tensors: Tensors) -> ModelId:
    """The model's identity on the chain."""
    return ModelId(merkle_root(leaves(header, tensors)).hex())


def save_weights(path: Path, header: Mapping[str, Any], tensors: Tensors) -> Digest:
    """Write the integer model; the same model gives the same file, byte for byte.

    Returns:
        SHA-256 of the file.
    """
    from safetensors.numpy import save

    data = save(
        {name: np.ascontiguousarray(tensors[name]) for name in tensor_names()},
        metadata={"medici": canonical_json(dict(header)).decode()},
    )
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)
    return Digest.of(data)


def read_weights(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]], Digest]:
    """Header, tensors and SHA-256 of a weights file. Only safetensors is ever read.

    Raises:
        NoWeights: there is no such file.
        BadWeights: not safetensors (a pickle is never opened), damaged, or not an exact model.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise NoWeights(f"no weights at {path}", "train a model, or install the shipped one again")
    hint = "only safetensors files written by an export are read; pickles are never opened"
    data = path.read_bytes()
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {})["medici"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise BadWeights(f"{path} is not an exact model: {error}", hint) from error
    if not isinstance(header, dict) or header.get("schema") != SCHEMA:
        raise BadWeights(f"{path} is not of schema {SCHEMA}", hint)
    if set(tensors) != set(tensor_names()):
        different = sorted(set(tensors) ^ set(tensor_names()))
        raise BadWeights(f"{path} has other tensors than {SCHEMA}: {', '.join(different)}", hint)
    return header, tensors, Digest(hashlib.sha256(data).hexdigest())


def build_network(header: Mapping[str, Any], tensors: Tensors) -> ExactNetwork:
    """The integer network of a header and its tensors.

    Raises:
        BadWeights: types or shapes disagree with the header, or sums could overflow.
    """
    try:
        layers = [
            Layer(
                name=name,
                kind=str(about["kind"]),
                weight=_typed(tensors[f"{name}.weight"], np.int16),
                bias=_typed(tensors[f"{name}.bias"], np.int64),
                shift=int(about["shift"]),
                leaky=bool(about["leaky"]),
            )
            for name, about in zip(LAYERS, header["layers"], strict=True)
        ]
        _check_shapes(header, tensors)
        return ExactNetwork(layers, _typed(tensors["mean"], np.int16), header)
    except (KeyError, TypeError, ValueError) as error:
        raise BadWeights(f"header and tensors of the model disagree: {error}") from error


def _typed(tensor: NDArray[Any], dtype: type[np.generic]) -> NDArray[Any]:
    if tensor.dtype != dtype:
        raise ValueError(f"a tensor is {tensor.dtype}, not {np.dtype(dtype)}")
    return tensor


def _check_shapes(header: Mapping[str, Any], tensors: Tensors) -> None:
    for name, about in zip(LAYERS, header["layers"], strict=True):
        expected = tuple(about["shape"])
        if about["name"] != name or tensors[f"{name}.weight"].shape != expected:
            raise ValueError(f"{name} is {tensors[f'{name}.weight'].shape}, not {expected}")
        if tensors[f"{name}.bias"].shape != (expected[-2],):
            raise ValueError(f"the bias of {name} is {tensors[f'{name}.bias'].shape}")
    palette = tensors["palette"]
    if palette.dtype != np.uint8 or palette.shape != (header["colours"], 3):
        raise ValueError(f"the palette is {palette.shape} {palette.dtype}")
