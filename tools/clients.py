"""Turns the contracts' JSON interfaces into the source of typed Python clients."""

from __future__ import annotations

import builtins
import keyword
import re
from typing import Any

from medici.ledger.abi import Entry

NOTE = "Made by tools/artifacts.py from the compiled contracts; change those, not this file."
TAKEN = {
    "address",
    "artifact",
    "decode",
    "event",
    "events",
    "past_events",
    "prepare",
    "read",
    "rpc",
}


def snake(name: str) -> str:
    """``tokenURI`` → ``token_uri``, ``DOMAIN_SEPARATOR`` → ``domain_separator``."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.strip("_")).lower()
    taken = keyword.iskeyword(text) or hasattr(builtins, text) or text in ("block", "self", "wei")
    return f"{text}_" if taken else text


def method_name(name: str) -> str:
    """A function's name as a method that hides nothing of `Contract`."""
    text = snake(name)
    return f"{text}_" if text in TAKEN or text == "name" else text


def struct_name(parameter: dict[str, Any]) -> str:
    """``struct IWorks.Attestation[]`` → ``Attestation``."""
    return re.sub(r"\[.*", "", parameter["internalType"].removeprefix("struct ")).split(".")[-1]


def annotation(parameter: dict[str, Any], *, given: bool) -> str:
    """The Python type of a parameter (`given`) or of a result."""
    kind = str(parameter["type"])
    if kind.endswith("]"):
        inner = dict(parameter, type=kind[: kind.rindex("[")])
        return f"{'Sequence' if given else 'list'}[{annotation(inner, given=given)}]"
    if kind == "tuple":
        return struct_name(parameter)
    if kind.startswith(("uint", "int")):
        return "int"
    known = {"address": "Address", "bytes32": "Digest", "bool": "bool", "string": "str"}
    return known.get(kind, "bytes")


def named(parameter: dict[str, Any], expression: str) -> str:
    """The expression that gives a decoded value its named form."""
    kind = str(parameter["type"])
    if not kind.startswith("tuple"):
        return expression
    if kind.endswith("]"):
        inner = dict(parameter, type=kind[: kind.rindex("[")])
        return f"[{named(inner, 'item')} for item in {expression}]"
    parts = parameter["components"]
    if not any(str(part["type"]).startswith("tuple") for part in parts):
        return f"{struct_name(parameter)}(*{expression})"
    inner_parts = (named(part, f"{expression}[{n}]") for n, part in enumerate(parts))
    return f"{struct_name(parameter)}({', '.join(inner_parts)})"


def structs_of(parameters: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The structs among parameters, inner ones first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for parameter in parameters:
        if str(parameter["type"]).startswith("tuple"):
            found |= structs_of(parameter["components"])
            found[struct_name(parameter)] = parameter["components"]
    return found


def method(item: dict[str, Any], name: str, text: str) -> str:
    """The source of one function's method; `text` is how `Contract` knows the function."""
    names: list[str] = []
    parameters = ["self"]
    for number, part in enumerate(item["inputs"]):
        parameter = snake(part["name"] or f"argument{number}")
        names.append(parameter)
        parameters.append(f"{parameter}: {annotation(part, given=True)}")
    arguments = "".join(f", {parameter}" for parameter in names)
    if item["stateMutability"] in ("view", "pure"):
        parameters += ["*", 'block: int | str = "latest"']
        return _reading(item["outputs"], name, parameters, text, arguments)
    extra = ""
    if item["stateMutability"] == "payable":
        parameters += ["*", "wei: int = 0"]
        extra = ", value=wei"
    return (
        f"    def {name}({', '.join(parameters)}) -> Call:\n"
        f'        """Prepare `{text}`."""\n'
        f'        return self.prepare("{text}"{arguments}{extra})\n'
    )


def _reading(
    outputs: list[dict[str, Any]], name: str, parameters: list[str], text: str, arguments: str
) -> str:
    read = f'self.read("{text}"{arguments}, block=block)'
    results = [annotation(part, given=False) for part in outputs]
    if not results:
        result, body = "None", read
    elif len(results) == 1 and str(outputs[0]["type"]).startswith("tuple"):
        result = results[0]
        body = f"found = {read}\n        return {named(outputs[0], 'found')}"
    else:
        result = results[0] if len(results) == 1 else f"tuple[{', '.join(results)}]"
        body = f'return cast("{result}", {read})'
    return (
        f"    def {name}({', '.join(parameters)}) -> {result}:\n"
        f'        """Read `{text}`."""\n'
        f"        {body}\n"
    )


def client_source(data: dict[str, Any]) -> str:
    """The module of one contract's client, not yet tidied."""
    functions = sorted(
        (item for item in data["abi"] if item["type"] == "function"),
        key=lambda item: (item["name"].strip("_").lower(), len(item["inputs"])),
    )
    methods, counts = [], dict[str, int]()
    for item in functions:
        name = method_name(item["name"])
        counts[name] = counts.get(name, 0) + 1
        alone = sum(other["name"] == item["name"] for other in functions) == 1
        text = item["name"] if alone else Entry.from_json(item).signature
        methods.append(method(item, name if counts[name] == 1 else f"{name}_{counts[name]}", text))
    body = "\n".join(methods)
    used = structs_of([p for item in functions for p in item["inputs"] + item["outputs"]])
    # A struct is needed while running where a result is given its named form.
    made = sorted(name for name in used if f"{name}(" in body)
    only_typed = sorted(set(used) - set(made))
    later = []
    if "Sequence[" in body:
        later.append("    from collections.abc import Sequence\n")
    if "-> Call:" in body:
        later.append("    from medici.ledger.calls import Call")
    if only_typed:
        later.append(f"    from medici.ledger.clients.structs import {', '.join(only_typed)}")
    records = [name for name in ("Address", "Digest") if re.search(rf"\b{name}\b", body)]
    if records:
        later.append(f"    from medici.records import {', '.join(records)}")
    typing = ["TYPE_CHECKING"] * bool(later) + ["ClassVar"] + ["cast"] * ("cast(" in body)
    lines = [
        f'"""Typed client of the contract `{data["name"]}`.\n\n{NOTE}\n"""\n',
        "from __future__ import annotations\n",
        f"from typing import {', '.join(typing)}\n",
    ]
    if made:
        lines.append(f"from medici.ledger.clients.structs import {', '.join(made)}")
    lines.append("from medici.ledger.contract import Contract\n")
    if later:
        lines += ["if TYPE_CHECKING:", *later]
    lines += [
        f"\n\nclass {data['name']}(Contract):",
        f'    """The contract `{data["name"]}` of a firm."""\n',
        f'    name: ClassVar[str] = "{data["name"]}"\n',
        body,
    ]
    return "\n".join(lines)


def structs_source(artifacts: list[dict[str, Any]]) -> str:
    """The module of all structs that calls and results are made of."""
    found: dict[str, list[dict[str, Any]]] = {}
    for data in artifacts:
        for item in data["abi"]:
            parameters = item.get("inputs", []) + item.get("outputs", [])
            for name, parts in structs_of(parameters).items():
                shape = [(part["name"], part["type"]) for part in parts]
                if name in found and shape != [(p["name"], p["type"]) for p in found[name]]:
                    raise SystemExit(f"two structs named {name} differ")
                found[name] = parts
    lines = [
        f'"""The structs of the contracts, by their names there.\n\n{NOTE}\n"""\n',
        "from __future__ import annotations\n",
        "from typing import TYPE_CHECKING, NamedTuple\n",
        "if TYPE_CHECKING:\n    from medici.records import Address, Digest\n",
    ]
    for name, parts in found.items():
        lines.append(f'\nclass {name}(NamedTuple):\n    """The struct `{name}`."""\n')
        lines += [f"    {snake(part['name'])}: {annotation(part, given=False)}" for part in parts]
        lines.append("")
    return "\n".join(lines)


def index_source(names: list[str]) -> str:
    """The package's own module."""
    lines = [f"from medici.ledger.clients.{snake(name)} import {name}" for name in names]
    exported = ", ".join(f'"{name}"' for name in sorted(names))
    head = f'"""Typed clients, one a contract.\n\n{NOTE}\n"""\n\n'
    return head + "\n".join(sorted(lines)) + f"\n\n__all__ = [{exported}]\n"
