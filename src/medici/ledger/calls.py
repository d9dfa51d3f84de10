"""What goes to the chain and what comes back: a call, its receipt, its log entries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from medici.records import Address

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a contract, ready to be simulated, sent, or handed to somebody's wallet.

    Attributes:
        to: the contract; none creates one.
        data: selector and encoded arguments, or creation code.
        value: of the chain's own coin, in wei.
        contract: the contract's name, for people.
        function: the function's name, for people.
        arguments: by name, for people.
    """

    to: Address | None
    data: bytes
    value: int = 0
    contract: str = ""
    function: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """``Market.bid``."""
        return ".".join(part for part in (self.contract, self.function) if part) or "transfer"

    def request(self, sender: Address | None = None) -> dict[str, str]:
        """As ``eth_call`` and ``eth_estimateGas`` take it."""
        body = {"data": "0x" + self.data.hex(), "value": hex(self.value)}
        if self.to is not None:
            body["to"] = self.to
        if sender is not None:
            body["from"] = sender
        return body

    def as_json(self) -> dict[str, Any]:
        """The unsigned transaction with its meaning."""
        return {
            "contract": self.contract,
            "function": self.function,
            "arguments": {name: plain(value) for name, value in self.arguments.items()},
            "to": self.to,
            "data": "0x" + self.data.hex(),
            "value": hex(self.value),
        }


def plain(value: Any) -> Any:
    """A decoded value as JSON: bytes in hexadecimal, integers too large for JSON as text."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if hasattr(value, "_asdict"):
        return {name: plain(part) for name, part in value._asdict().items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value


@dataclass(frozen=True, slots=True)
class Log:
    """One log entry as the chain keeps it, not yet decoded."""

    address: Address
    topics: tuple[bytes, ...]
    data: bytes
    block: int
    transaction: str
    index: int

    @classmethod
    def from_rpc(cls, entry: Mapping[str, Any]) -> Log:
        """Read one entry of a receipt or of ``eth_getLogs``."""
        return cls(
            address=Address(entry["address"]),
            topics=tuple(bytes.fromhex(topic[2:]) for topic in entry["topics"]),
            data=bytes.fromhex(entry["data"][2:]),
            block=int(entry["blockNumber"], 16),
            transaction=entry["transactionHash"],
            index=int(entry["logIndex"], 16),
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transaction that the chain has taken in.

    Attributes:
        hash: of the transaction, ``0x…``.
        block: number of its block.
        block_hash: ``0x…``.
        index: its place in the block.
        time: timestamp of the block, Unix seconds.
        succeeded: false when it was reverted.
        gas_used: units of gas.
        gas_price: wei a unit.
        created: the contract it made, if any.
        logs: in order.
    """

    hash: str
    block: int
    block_hash: str
    index: int
    time: int
    succeeded: bool
    gas_used: int
    gas_price: int
    created: Address | None
    logs: tuple[Log, ...]

    @classmethod
    def from_rpc(cls, receipt: Mapping[str, Any], time: int) -> Receipt:
        """Read what ``eth_getTransactionReceipt`` answers.

        Args:
            receipt: the answer.
            time: timestamp of its block, Unix seconds.
        """
        created = receipt.get("contractAddress")
        return cls(
            hash=receipt["transactionHash"],
            block=int(receipt["blockNumber"], 16),
            block_hash=receipt["blockHash"],
            index=int(receipt["transactionIndex"], 16),
            time=time,
            succeeded=int(receipt["status"], 16) == 1,
            gas_used=int(receipt["gasUsed"], 16),
            gas_price=int(receipt.get("effectiveGasPrice", "0x0"), 16),
            created=Address(created) if created else None,
            logs=tuple(Log.from_rpc(entry) for entry in receipt["logs"]),
        )
