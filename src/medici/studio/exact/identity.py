"""A model's file and its name: packed integer tensors, their Merkle root, safetensors on disk.

docs/spec/exact-renderer.md, section 7, is the definition.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from eth_hash.auto import keccak

from medici.errors import BadWeights, NoWeights
from medici.records import Digest, ModelId, canonical_json
from medici.store import atomic_write
from medici.studio.exact.merkle import merkle_root
from medici.studio.exact.network import Layer, Network
from medici.studio.exact.sequence import Sequence, Weights, describe
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Sequence as Row
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.records import ModelRecord

    Tensors = Mapping[str, NDArray[Any]]

RENDERER = "exact/2"
SCHEMA = "medici/exact/2"
CHUNK = 4096
_WORD = 32
_HEADER_INDEX = 0xFFFFFFFF
_TYPES = {"int16": ">i2", "int64": ">i8", "uint8": ">u1"}
_PARTS = ("tables", "conditions", "positions", "heads", "offsets", "noise")
_HINT = "only safetensors files written by an export are read; pickles are never opened"


@dataclass(frozen=True, slots=True)
class ExactModel:
    """Everything that a weights file holds.

    Attributes:
        header: the canonical description, hashed first.
        tensors: integers by name, in the header's order.
        networks: ready to run, by name.
        sequences: ready to draw from, by name.
    """

    header: Mapping[str, Any]
    tensors: Tensors
    networks: Mapping[str, Network]
    sequences: Mapping[str, Sequence]

    @property
    def id(self) -> ModelId:
        """The model's identity on the chain: the Merkle root over header and integers."""
        return ModelId(merkle_root(leaves(self.header, self.tensors)).hex())

    @property
    def about(self) -> Mapping[str, Any]:
        """What the family keeps in the header for itself."""
        told: Mapping[str, Any] = self.header["about"]
        return told

    @property
    def certificate(self) -> dict[str, Any]:
        """The overflow certificate of all layers."""
        rows = [row for network in self.networks.values() for row in network.certificate]
        rows += [row for sequence in self.sequences.values() for row in sequence.certificate]
        return {"rule": "3 (K max|w| max|a| + max|b|) + 2^15 < 2^53", "layers": rows}

    def save(self, path: Path) -> Digest:
        """Write the integer model; the same model gives the same file, byte for byte.

        Returns:
            SHA-256 of the file.
        """
        from safetensors.numpy import save

        data = save(
            {name: np.ascontiguousarray(self.tensors[name]) for name in names(self.header)},
            metadata={"medici": canonical_json(dict(self.header)).decode()},
        )
        atomic_write(path, data)
        return Digest.of(data)


def assemble(
    family: str,
    about: Mapping[str, Any],
    networks: Mapping[str, Row[Layer]],
    sequences: Mapping[str, Weights] | None = None,
    more: Tensors | None = None,
) -> ExactModel:
    """Header and tensors from layers, sequences and what else a family needs.

    Args:
        family: who renders it.
        about: JSON that the family keeps in the header.
        networks: layers by network.
        sequences: integers by sequence.
        more: other tensors by name (palettes, means …), int16, int64 or uint8.

    Raises:
        BadWeights: sums could overflow, or shapes disagree.
    """
    tensors: dict[str, NDArray[Any]] = {}
    for name, layers in networks.items():
        tensors |= _layer_tensors(name, layers)
    for name, weights in (sequences or {}).items():
        tensors |= {f"{name}.{part}": getattr(weights, part) for part in _PARTS}
        tensors |= _layer_tensors(name, weights.blocks)
    tensors |= dict(more or {})
    header = {
        "schema": SCHEMA,
        "family": family,
        "about": dict(about),
        "networks": {name: [layer.as_json() for layer in ls] for name, ls in networks.items()},
        "sequences": {name: describe(weights) for name, weights in (sequences or {}).items()},
        "tensors": [[name, t.dtype.name, list(t.shape)] for name, t in tensors.items()],
    }
    return build(header, tensors)


def _layer_tensors(network: str, layers: Row[Layer]) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}
    for layer in layers:
        if layer.kind != "bilinear":
            found[f"{network}.{layer.name}.weight"] = layer.weight
            found[f"{network}.{layer.name}.bias"] = layer.bias
    return found


def build(header: Mapping[str, Any], tensors: Tensors) -> ExactModel:
    """A model from its header and tensors.

    Raises:
        BadWeights: types or shapes disagree with the header, or sums could overflow.
    """
    try:
        if header["schema"] != SCHEMA:
            raise ValueError(f"schema {header['schema']!r}")
        for name, dtype, shape in header["tensors"]:
            t = tensors[name]
            if t.dtype.name != dtype or list(t.shape) != shape or dtype not in _TYPES:
                raise ValueError(f"{name} is {t.shape} {t.dtype}, not {shape} {dtype}")
        if set(tensors) != set(names(header)):
            odd = sorted(set(tensors) ^ set(names(header)))
            raise ValueError(f"tensors that the header does not name: {', '.join(odd)}")
        networks = {
            name: Network(_layers(name, told, tensors)) for name, told in header["networks"].items()
        }
        sequences = {
            name: Sequence(_weights(name, told, tensors), name)
            for name, told in header["sequences"].items()
        }
        if not isinstance(header["about"], dict) or not isinstance(header["family"], str):
            raise ValueError("about or family is missing")
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise BadWeights(f"header and tensors of the model disagree: {error}") from error
    return ExactModel(header, tensors, networks, sequences)


def _layers(network: str, told: Row[Mapping[str, Any]], tensors: Tensors) -> list[Layer]:
    return [
        Layer.from_json(
            layer,
            tensors.get(f"{network}.{layer['name']}.weight"),
            tensors.get(f"{network}.{layer['name']}.bias"),
        )
        for layer in told
    ]


def _weights(name: str, told: Mapping[str, Any], tensors: Tensors) -> Weights:
    parts: dict[str, Any] = {part: tensors[f"{name}.{part}"] for part in _PARTS}
    weights = Weights(
        **parts,
        shift=int(told["shift"]),
        score_shift=int(told["score_shift"]),
        blocks=tuple(_layers(name, told["blocks"], tensors)),
        relative=bool(told.get("relative", False)),
        reads=tuple(
            tuple((int(back), int(table)) for back, table in turn) for turn in told.get("reads", ())
        ),
    )
    weights.check()
    if describe(weights) != dict(told):
        raise ValueError(f"sequence {name} is described otherwise")
    return weights


def names(header: Mapping[str, Any]) -> list[str]:
    """Every tensor of a model, in the order that the Merkle tree takes them."""
    return [str(row[0]) for row in header["tensors"]]


def leaves(header: Mapping[str, Any], tensors: Tensors) -> list[bytes]:
    """Leaf hashes: the header first, then every tensor's chunks in order."""
    out = [_leaf(_HEADER_INDEX, 0, canonical_json(dict(header)))]
    for index, name in enumerate(names(header)):
        data = pack(tensors[name])
        out += [_leaf(index, i // CHUNK, data[i : i + CHUNK]) for i in range(0, len(data), CHUNK)]
    return out


def _leaf(tensor: int, chunk: int, data: bytes) -> bytes:
    return keccak(tensor.to_bytes(4, "big") + chunk.to_bytes(4, "big") + data)


def pack(tensor: NDArray[Any]) -> bytes:
    """Big-endian two's complement elements, row by row, zeros up to a whole 32-byte word."""
    data = np.ascontiguousarray(tensor).astype(_TYPES[tensor.dtype.name]).tobytes()
    return data + bytes(-len(data) % _WORD)


def read(path: Path) -> tuple[ExactModel, Digest]:
    """A weights file and its SHA-256. Only safetensors is ever read.

    Raises:
        NoWeights: there is no such file.
        BadWeights: not safetensors (a pickle is never opened), damaged, or not an exact model.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise NoWeights(f"no weights at {path}", "train a model, or install the shipped one again")
    data = path.read_bytes()
    try:
        with safe_open(path, framework="numpy") as file:
            header = read_json((file.metadata() or {})["medici"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise BadWeights(f"{path} is not an exact model: {error}", _HINT) from error
    if not isinstance(header, dict) or header.get("schema") != SCHEMA:
        raise BadWeights(f"{path} is not of schema {SCHEMA}", _HINT)
    try:
        return build(header, tensors), Digest(hashlib.sha256(data).hexdigest())
    except BadWeights as error:
        raise BadWeights(f"{path}: {error.message}", error.hint or _HINT) from error


def read_checked(path: Path, record: ModelRecord) -> ExactModel:
    """A weights file that must be the one its record names.

    Raises:
        NoWeights, BadWeights: it is not there, damaged, or another model's.
    """
    model, digest = read(path)
    if digest != record.weights_sha256:
        raise BadWeights(
            f"{path} has SHA-256 {digest}, its record says {record.weights_sha256}",
            "the file was changed or damaged; get it again",
        )
    if model.id != record.id or record.renderer != RENDERER:
        raise BadWeights(
            f"the model at {path} is {model.id}, its record says {record.id} ({record.renderer})",
            "record and weights belong to different models",
        )
    return model
