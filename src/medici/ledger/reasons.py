"""Why the chain said no, as a sentence for people: every typed contract error has one.

The sentences stand in `sentences.py`; a test fails when a contract's error has none.
"""

from __future__ import annotations

import string
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from medici.errors import ChainRefused, NodeRefused, NoFunds, WrongUse
from medici.ledger.calls import Call, plain
from medici.records import Money

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHARE_DECIMALS = 18
_PANICS = {
    0x01: "an assertion failed",
    0x11: "a number left its range",
    0x12: "a division by zero",
    0x21: "a value outside its enumeration",
    0x31: "an empty list was shortened",
    0x32: "a list was read beyond its end",
    0x41: "too much memory was asked for",
}


class _Filler(string.Formatter):
    """Fills sentences: ``{amount:money}``, ``{end:time}``, ``{work:id}``."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == "money":
            return str(Money(int(value)))
        if format_spec == "shares":
            return str(Money(int(value), SHARE_DECIMALS))
        if format_spec == "time":
            try:
                return datetime.fromtimestamp(int(value), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
            except (OverflowError, ValueError, OSError):
                return str(value)
        if format_spec == "id":
            text = f"{value:064x}" if isinstance(value, int) else str(value).removeprefix("0x")
            return text[:8] + "…"
        if format_spec == "percent":
            return f"{int(value) / 100:g} %"
        return str(super().format_field(value, format_spec))

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return kwargs[str(key)]


def sentence(template: str, arguments: Mapping[str, Any]) -> str:
    """A sentence with its values filled in."""
    return _Filler().vformat(template, (), arguments)


def placeholders(template: str) -> set[str]:
    """The names a sentence asks for."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def _label(call: Call | str) -> str:
    return call if isinstance(call, str) else call.label


def explain(data: bytes, call: Call | str) -> ChainRefused:
    """The error for the bytes a contract reverted with.

    Args:
        data: selector and encoded arguments; may be empty.
        call: what was tried, or its name.
    """
    from medici.ledger.abi import known_errors
    from medici.ledger.sentences import SENTENCES

    label = _label(call)
    if not data:
        return ChainRefused(f"{label} was refused, and the contract gave no reason")
    entry = known_errors().get(data[:4])
    if entry is None:
        return ChainRefused(
            f"{label} was refused with an error this version does not know (0x{data[:4].hex()})",
            "the contracts may be newer than this program",
            reason="0x" + data[:4].hex(),
        )
    try:
        arguments = entry.decode_inputs(data[4:])
    except WrongUse:
        return ChainRefused(f"{label} was refused with a damaged {entry.name}", reason=entry.name)
    shown = {name: plain(value) for name, value in arguments.items()}
    if entry.signature == "Error(string)":
        return ChainRefused(f"{label} was refused: {arguments['message']}", reason="Error")
    if entry.signature == "Panic(uint256)":
        why = _PANICS.get(arguments["code"], f"panic {arguments['code']:#x}")
        return ChainRefused(
            f"{label} stopped on a fault in the contract: {why}", reason="Panic", arguments=shown
        )
    known = SENTENCES.get(entry.signature)
    if known is None:
        listed = ", ".join(f"{name} {value}" for name, value in shown.items())
        return ChainRefused(
            f"{label} was refused: {entry.name}" + (f" ({listed})" if listed else ""),
            reason=entry.name,
            arguments=shown,
        )
    kind = NoFunds if known.funds else ChainRefused
    return kind(
        sentence(known.text, arguments),
        sentence(known.hint, arguments),
        reason=entry.name,
        arguments=shown,
    )


def explain_node(error: NodeRefused, call: Call | str) -> ChainRefused:
    """The error for what a node said of itself, without contract data."""
    label = _label(call)
    if "insufficient funds" in error.message.lower():
        return NoFunds(
            f"the account cannot pay the gas of {label}", "send it some coin", reason="gas"
        )
    if error.message.lower().rstrip(".") in ("execution reverted", "revert"):
        return explain(b"", call)
    return ChainRefused(f"{label} was refused by the node: {error.message}", reason=error.message)
