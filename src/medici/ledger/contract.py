"""A deployed contract: reads it, prepares calls of it, decodes its events.

The typed clients in `clients/` add one method a function to `Contract`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from medici.errors import NodeRefused, NotDeployed, WrongUse
from medici.ledger.abi import Artifact, artifact
from medici.ledger.calls import Call, Log
from medici.ledger.reasons import explain, explain_node

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from medici.ledger.calls import Receipt
    from medici.ledger.rpc import Rpc
    from medici.records import Address

# Providers refuse wide ranges; halved until they answer.
_WIDEST_RANGE = 10_000


@dataclass(frozen=True, slots=True)
class Event:
    """A decoded log entry.

    Attributes:
        name: of the event.
        arguments: by name.
        log: where it stands.
    """

    name: str
    arguments: Mapping[str, Any]
    log: Log


class Contract:
    """A contract at an address.

    Args:
        rpc: the node to read from.
        address: where it is.
    """

    name: ClassVar[str]

    def __init__(self, rpc: Rpc, address: Address) -> None:
        self.rpc = rpc
        self.address = address

    @property
    def artifact(self) -> Artifact:
        """Its interface."""
        return artifact(self.name)

    def prepare(self, function: str, *arguments: object, value: int = 0) -> Call:
        """A call of a function, encoded but not sent.

        Args:
            function: its name, or ``bid(uint256,uint256)`` where several share one.
            arguments: in order.
            value: wei to send along.

        Raises:
            WrongUse: an argument does not fit.
        """
        entry = self.artifact.function(function)
        return Call(
            to=self.address,
            data=entry.selector + entry.encode(arguments),
            value=value,
            contract=self.name,
            function=entry.name,
            arguments=entry.named(arguments),
        )

    def read(self, function: str, *arguments: object, block: int | str = "latest") -> Any:
        """What a view function answers: one value, or a tuple of several.

        Raises:
            ChainRefused: it reverted, decoded.
            NotDeployed: no contract stands there.
        """
        entry = self.artifact.function(function)
        call = self.prepare(function, *arguments)
        at = hex(block) if isinstance(block, int) else block
        try:
            answer = self.rpc.call("eth_call", call.request(), at)
        except NodeRefused as error:
            raise explain(error.data, call) if error.data else explain_node(error, call) from error
        data = bytes.fromhex(answer[2:])
        if not data and entry.outputs:
            raise NotDeployed(f"no {self.name} stands at {self.address} on this chain")
        values = entry.decode_outputs(data)
        return values[0] if len(values) == 1 else values

    def decode(self, log: Log) -> Event | None:
        """The event a log entry holds, if it is this contract's and known."""
        if log.address != self.address or not log.topics:
            return None
        for entry in self.artifact.of_kind("event"):
            if entry.hash == log.topics[0]:
                return Event(entry.name, entry.decode_log(log), log)
        return None

    def events(self, receipt: Receipt, name: str | None = None) -> list[Event]:
        """The events of this contract in a receipt, all or those of one name."""
        decoded = (self.decode(log) for log in receipt.logs)
        return [event for event in decoded if event and name in (None, event.name)]

    def event(self, receipt: Receipt, name: str) -> Mapping[str, Any]:
        """The arguments of the one event of this name in a receipt.

        Raises:
            WrongUse: there is none, or more than one.
        """
        found = self.events(receipt, name)
        if len(found) != 1:
            raise WrongUse(f"the receipt holds {len(found)} events {self.name}.{name}, not one")
        return found[0].arguments

    def past_events(
        self, name: str, first: int = 0, last: int | None = None, **indexed: object
    ) -> Iterator[Event]:
        """Events from the chain's log, oldest first.

        Args:
            name: of the event.
            first: block to begin at.
            last: block to end with; the latest by default.
            indexed: values that indexed arguments must have.

        Raises:
            WrongUse: no such event, or an argument that is not indexed.
        """
        entries = [e for e in self.artifact.of_kind("event") if e.name == name]
        if len(entries) != 1:
            raise WrongUse(f"{self.name} has no event {name!r}")
        (entry,) = entries
        topics: list[str | None] = ["0x" + entry.hash.hex()]
        wanted = dict(indexed)
        for part in entry.inputs:
            if part["indexed"]:
                value = wanted.pop(part["name"], None)
                topics.append(None if value is None else "0x" + _topic(part, value).hex())
        if wanted:
            raise WrongUse(f"{self.name}.{name} has no indexed argument {sorted(wanted)}")
        end = int(self.rpc.call("eth_blockNumber"), 16) if last is None else last
        width, start = _WIDEST_RANGE, first
        while start <= end:
            until = min(end, start + width - 1)
            question = {
                "address": self.address,
                "topics": topics,
                "fromBlock": hex(start),
                "toBlock": hex(until),
            }
            try:
                found = self.rpc.call("eth_getLogs", question)
            except NodeRefused:
                if width == 1:
                    raise
                width = max(1, width // 4)
                continue
            for item in found:
                log = Log.from_rpc(item)
                yield Event(name, entry.decode_log(log), log)
            start = until + 1


def _topic(parameter: Mapping[str, Any], value: object) -> bytes:
    from medici.ledger.abi import abi_type, encode

    return encode([abi_type(parameter)], [value], str(parameter["name"]))


def creation(name: str, *arguments: object) -> Call:
    """The call that creates a contract.

    Args:
        name: of the contract.
        arguments: of its constructor, in order.
    """
    compiled = artifact(name)
    constructor = compiled.constructor
    return Call(
        to=None,
        data=compiled.bytecode + constructor.encode(arguments),
        contract=name,
        function="constructor",
        arguments=constructor.named(arguments),
    )
