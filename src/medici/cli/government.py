"""Commands of the firm's government: what shareholders are paid."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from medici.cli.output import FirmDir, Json, Network, Yes, confirm, open_firm, say, show, table


def add_to(app: typer.Typer) -> None:
    """Put this group's commands into the program."""
    app.command()(dividends)


def dividends(
    pay: Annotated[
        bool, typer.Option("--pay", help="Share out what came in and pay every holder.")
    ] = False,
    firm: FirmDir = None,
    network: Network = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Who holds shares, and what dividends they are owed."""
    from medici.firm import launch, overview, trading

    opened = open_firm(firm, network)
    if pay:
        confirm("Share out the dividends and pay every holder?", yes, as_json)
    with launch.chain(opened) as chain:
        paid = trading.pay_dividends(opened, chain) if pay else {}
        result = overview.dividends(chain) | paid

    def human(said: dict[str, Any]) -> None:
        say(f"shared out so far: {said['distributed']}")
        rows = [(h["holder"], f"{h['part']:.2%}", h["owed"]) for h in said["holders"]]
        table("", ("holder", "part", "owed"), rows)

    show(result, as_json, human)
