"""The contracts' interfaces as data: encoding calls, decoding results, events and errors.

The codec (`eth_abi`) is imported at the first use, since it takes a quarter of a second.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from eth_hash.auto import keccak

from medici.errors import WrongUse
from medici.records import Address, Digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medici.ledger.calls import Log

CONTRACTS = (
    "ModelRegistry",
    "Anchors",
    "Works",
    "Market",
    "Revenue",
    "Shares",
    "TestDollar",
    "TransferValidator",
    "TimelockController",
)


def abi_type(parameter: Mapping[str, Any]) -> str:
    """The type of a parameter as signatures and the codec write it; structs as tuples."""
    kind = str(parameter["type"])
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(abi_type(part) for part in parameter["components"])
    return f"({inner}){kind.removeprefix('tuple')}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A function, an event or an error of a contract.

    Attributes:
        signature: ``bid(uint256,uint256)``.
        inputs: parameters as the ABI describes them.
        outputs: what a function returns, likewise.
    """

    kind: str
    name: str
    signature: str
    inputs: tuple[Mapping[str, Any], ...]
    outputs: tuple[Mapping[str, Any], ...]

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> Entry:
        """Read one item of a JSON ABI."""
        inputs = tuple(item.get("inputs", ()))
        name = str(item.get("name", item["type"]))
        return cls(
            kind=str(item["type"]),
            name=name,
            signature=f"{name}({','.join(abi_type(part) for part in inputs)})",
            inputs=inputs,
            outputs=tuple(item.get("outputs", ())),
        )

    @property
    def hash(self) -> bytes:
        """Keccak-256 of the signature: an event's first topic."""
        return keccak(self.signature.encode())

    @property
    def selector(self) -> bytes:
        """The first four bytes of it."""
        return self.hash[:4]

    def encode(self, arguments: Sequence[object]) -> bytes:
        """Arguments for the wire, without the selector.

        Raises:
            WrongUse: they do not fit the parameters.
        """
        return encode([abi_type(part) for part in self.inputs], arguments, self.name)

    def named(self, arguments: Sequence[object]) -> dict[str, Any]:
        """Arguments by parameter name; nameless ones by position."""
        return {
            part.get("name") or str(number): value
            for number, (part, value) in enumerate(zip(self.inputs, arguments, strict=True))
        }

    def decode_inputs(self, data: bytes) -> dict[str, Any]:
        """Arguments by name from the wire."""
        return self.named(decode(self.inputs, data))

    def decode_outputs(self, data: bytes) -> tuple[Any, ...]:
        """What the function returned."""
        return decode(self.outputs, data)

    def decode_log(self, log: Log) -> dict[str, Any]:
        """Arguments of an event by name; an indexed text or list is known by its hash only."""
        plain = [part for part in self.inputs if not part["indexed"]]
        values = iter(decode(plain, log.data))
        topics = iter(log.topics[1:])
        found = {}
        for number, part in enumerate(self.inputs):
            if not part["indexed"]:
                value = next(values)
            else:
                topic, kind = next(topics), str(part["type"])
                hashed = kind in ("string", "bytes") or kind.startswith("tuple") or "[" in kind
                value = Digest(topic.hex()) if hashed else decode([part], topic)[0]
            found[part.get("name") or str(number)] = value
        return found


def encode(types: Sequence[str], arguments: Sequence[object], what: str = "call") -> bytes:
    """Arguments as the ABI lays them out.

    Raises:
        WrongUse: they do not fit the types.
    """
    from eth_abi.abi import encode as abi_encode
    from eth_abi.exceptions import EncodingError, ParseError

    if len(types) != len(arguments):
        raise WrongUse(f"{what} takes {len(types)} arguments, not {len(arguments)}")
    try:
        return abi_encode(list(types), [_wire(argument) for argument in arguments])
    except (EncodingError, ParseError, TypeError, ValueError, OverflowError) as error:
        raise WrongUse(f"{what}: an argument does not fit: {error}") from error


def _wire(value: Any) -> Any:
    """Our value types as the codec takes them."""
    if isinstance(value, Digest):
        return value.raw
    if isinstance(value, list | tuple):
        return [_wire(part) for part in value] if isinstance(value, list) else tuple(
            _wire(part) for part in value
        )  # fmt: skip
    return value


def decode(parameters: Sequence[Mapping[str, Any]], data: bytes) -> tuple[Any, ...]:
    """Values from the wire: addresses as `Address`, 32-byte words as `Digest`, structs as tuples.

    Raises:
        WrongUse: the data does not hold these types.
    """
    if not parameters:
        return ()
    from eth_abi.abi import decode as abi_decode
    from eth_abi.exceptions import DecodingError

    try:
        values = abi_decode([abi_type(part) for part in parameters], data)
    except (DecodingError, OverflowError, UnicodeDecodeError) as error:
        raise WrongUse(f"{len(data)} bytes do not decode: {error}") from error
    return tuple(_value(part, value) for part, value in zip(parameters, values, strict=True))


def _value(parameter: Mapping[str, Any], value: Any) -> Any:
    kind = str(parameter["type"])
    if kind.endswith("]"):
        element = dict(parameter, type=kind[: kind.rindex("[")])
        return [_value(element, part) for part in value]
    if kind == "tuple":
        return tuple(
            _value(part, inner) for part, inner in zip(parameter["components"], value, strict=True)
        )
    if kind == "address":
        return Address(value)
    if kind == "bytes32":
        return Digest(value.hex())
    return value


@dataclass(frozen=True, slots=True)
class Artifact:
    """A compiled contract, trimmed to what is needed to deploy it and talk to it.

    Attributes:
        name: of the contract.
        bytecode: creation code without constructor arguments.
        compiler: version of solc.
        source: path of its source in the repository or package.
        entries: functions, events and errors by signature.
    """

    name: str
    bytecode: bytes
    compiler: str
    source: str
    entries: Mapping[str, Entry]

    def function(self, name: str) -> Entry:
        """A function by its name, or by its signature where several share the name.

        Raises:
            WrongUse: there is none, or more than one.
        """
        if name in self.entries:
            return self.entries[name]
        found = [entry for entry in self.of_kind("function") if entry.name == name]
        if len(found) != 1:
            raise WrongUse(f"{self.name} has {len(found)} functions named {name!r}")
        return found[0]

    @property
    def constructor(self) -> Entry:
        """How to create it; without parameters when the source has none."""
        for entry in self.entries.values():
            if entry.kind == "constructor":
                return entry
        return Entry("constructor", "constructor", "constructor()", (), ())

    def of_kind(self, kind: str) -> list[Entry]:
        """All ``function``s, ``event``s or ``error``s."""
        return [entry for entry in self.entries.values() if entry.kind == kind]


@cache
def artifact(name: str) -> Artifact:
    """A contract that ships with the package.

    Raises:
        WrongUse: there is none of this name.
    """
    if name not in CONTRACTS:
        raise WrongUse(f"no contract named {name!r}", f"there are: {', '.join(CONTRACTS)}")
    path = resources.files("medici.ledger") / "artifacts" / f"{name}.json"
    return read_artifact(json.loads(path.read_bytes()))


def read_artifact(data: Mapping[str, Any]) -> Artifact:
    """An artifact from its JSON."""
    entries = [Entry.from_json(item) for item in data["abi"]]
    return Artifact(
        name=data["name"],
        bytecode=bytes.fromhex(data["bytecode"].removeprefix("0x")),
        compiler=data["compiler"],
        source=data["source"],
        # A function and an event may share a signature: only functions are known by it alone.
        entries={
            ("" if entry.kind == "function" else f"{entry.kind} ") + entry.signature: entry
            for entry in entries
        },
    )


@cache
def known_errors() -> dict[bytes, Entry]:
    """Every typed error of our contracts and their parts, by selector; Solidity's own two too."""
    path = resources.files("medici.ledger") / "artifacts" / "errors.json"
    entries = [Entry.from_json(item) for item in json.loads(path.read_bytes())]
    return {entry.selector: entry for entry in entries}
