"""Commands of the market: mint, auction, and be paid."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from medici.cli.output import (
    DryRun,
    FirmDir,
    Json,
    Network,
    Yes,
    confirm,
    open_firm,
    say,
    show,
    table,
)

auctions = typer.Typer(help="English auctions of works, minted or not yet.", no_args_is_help=True)

Work = Annotated[str, typer.Argument(metavar="WORK", help="The start of its id, or its title.")]
By = Annotated[
    str, typer.Option("--as", metavar="ROLE", help="Whose key: artist, collector-1 (simulated), …")
]


def add_to(app: typer.Typer) -> None:
    """Put this group's commands into the program."""
    for command in (mint, claim, earnings):
        app.command()(command)


def mint(
    work: Work,
    to: Annotated[str | None, typer.Option(help="Who receives it (default: the artist).")] = None,
    firm: FirmDir = None,
    network: Network = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Mint a certified work, by the model's attestation or, once anchored, by its proof."""
    from medici.firm import launch, trading

    opened = open_firm(firm, network)
    if not dry_run and not opened.network.kept:
        confirm(f"Mint {work} on {opened.network.name}?", yes, as_json)
    with launch.chain(opened) as chain:
        result = trading.mint(opened, chain, work, to, dry_run=dry_run)
    show(result, as_json, lambda said: say(f"minted {said.get('token', '(dry run)')}"))


@auctions.command()
def start(
    work: Work,
    reserve: Annotated[
        str | None, typer.Option(help="Least first bid (default: the setting).")
    ] = None,
    duration: Annotated[int | None, typer.Option(min=60, help="Seconds.")] = None,
    by: By = "artist",
    firm: FirmDir = None,
    network: Network = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Put a work under the hammer; the winner's settlement mints it if nobody has."""
    from medici.firm import launch, trading

    opened = open_firm(firm, network)
    with launch.chain(opened) as chain:
        result = trading.start_auction(
            opened, chain, work, by, reserve=reserve, duration=duration, dry_run=dry_run
        )
    show(result, as_json, lambda said: say(f"lot {said.get('lot', '(dry run)')} is open"))


@auctions.command()
def bid(
    work: Work,
    amount: Annotated[str, typer.Argument(help="What is bid in all, like 105.25.")],
    by: By,
    firm: FirmDir = None,
    network: Network = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Bid on a work that is under the hammer."""
    from medici.firm import launch, trading

    opened = open_firm(firm, network)
    if not dry_run:
        confirm(f"Bid {amount} on {work} as {by}?", yes, as_json)
    with launch.chain(opened) as chain:
        result = trading.bid(opened, chain, work, amount, by, dry_run=dry_run)
    show(result, as_json, lambda said: say(f"bid {said.get('amount', '(dry run)')} stands"))


@auctions.command()
def settle(
    work: Work,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the end; on a local chain, move its clock.")
    ] = False,
    firm: FirmDir = None,
    network: Network = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """End an auction: the work to the winner, the money to everybody it belongs to."""
    from medici.firm import launch, trading

    opened = open_firm(firm, network)
    with launch.chain(opened) as chain:
        result = trading.settle(opened, chain, work, wait=wait, dry_run=dry_run)
    show(
        result,
        as_json,
        lambda said: say(f"{said.get('outcome', '(dry run)')} at {said.get('price', '-')}"),
    )


@auctions.command("list")
def list_(firm: FirmDir = None, network: Network = None, as_json: Json = False) -> None:
    """The lots that are open."""
    from medici.firm import launch
    from medici.market import auctions as room

    with launch.chain(open_firm(firm, network)) as chain:
        lots = [lot.as_json() for lot in room.lots(chain)]

    def human(said: dict[str, Any]) -> None:
        rows = [
            (x["lot"], x["work"][:16], x["kind"], x["reserve"], x["highest"] or "-", x["end"])
            for x in said["lots"]
        ]
        table("", ("lot", "work", "kind", "reserve", "highest", "ends"), rows)

    show({"lots": lots}, as_json, human)


def claim(
    by: By = "artist",
    firm: FirmDir = None,
    network: Network = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Withdraw all that an account is owed: its part of splits, sale proceeds, refunds."""
    from medici.firm import launch, trading

    opened = open_firm(firm, network)
    if not dry_run:
        confirm(f"Withdraw what is owed to {by}?", yes, as_json)
    with launch.chain(opened) as chain:
        result = trading.claim(opened, chain, by, dry_run=dry_run)
    show(result, as_json, lambda said: say(f"{said['amount']} to {said['account']}"))


def earnings(firm: FirmDir = None, network: Network = None, as_json: Json = False) -> None:
    """The firm's books, and what each of its accounts can withdraw."""
    from medici.firm import launch, overview

    opened = open_firm(firm, network)
    with launch.chain(opened) as chain:
        result = overview.earnings(opened, chain)

    def human(said: dict[str, Any]) -> None:
        say(
            f"received {said['received']} = paid out {said['paid_out']} + owed {said['owed']}"
            f"{'' if said['balanced'] else '   THE BOOKS DO NOT BALANCE'}"
        )
        table("", ("account", "owed"), [(a["name"], a["owed"]) for a in said["accounts"]])

    show(result, as_json, human)
