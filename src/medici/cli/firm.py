"""Commands of the firm as a whole: make one, start and stop its chain, run it, show it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from medici.cli.output import (
    FirmDir,
    Json,
    Network,
    confirm,
    open_firm,
    progress,
    say,
    show,
    table,
)


def add_to(app: typer.Typer) -> None:
    """Put this group's commands into the program."""
    for command in (init, doctor, up, down, status, deploy, run, demo):
        app.command()(command)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the firm shall live.")],
    template: Annotated[
        str, typer.Option(help="portraits, ink, textures, icons or chorales.")
    ] = "portraits",
    name: Annotated[str, typer.Option(help="The firm's name (default: the folder's).")] = "",
    as_json: Json = False,
) -> None:
    """Make a firm in a folder."""
    from medici.firm import folder as folders

    made = folders.init(folder, template, name)

    def human(said: dict[str, Any]) -> None:
        say(f"{said['name']} is in {said['folder']}. Next:\n  cd {folder}\n  medici run")

    show({"folder": str(folder.absolute()), "name": made.firm.name}, as_json, human)


def doctor(firm: FirmDir = None, network: Network = None, as_json: Json = False) -> None:
    """Check everything the firm needs, and say how to get what is missing."""
    from medici.firm import launch

    checks = launch.doctor(firm or Path.cwd(), network)

    def human(said: dict[str, Any]) -> None:
        rows = [
            ("ok" if c["ok"] else "--", c["name"], c["detail"], c["hint"]) for c in said["checks"]
        ]
        table("", ("", "part", "found", "to do"), rows)

    show({"ok": all(c["ok"] for c in checks), "checks": checks}, as_json, human)
    if not all(check["ok"] for check in checks):
        raise typer.Exit(3)


def up(
    firm: FirmDir = None,
    network: Network = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 chooses a free one.")] = 0,
    as_json: Json = False,
) -> None:
    """Start the local chain, and deploy the firm on it if it is not there yet."""
    from medici.firm import launch

    result = launch.up(open_firm(firm, network), port)
    show(result, as_json, _show_status)


def down(firm: FirmDir = None, network: Network = None, as_json: Json = False) -> None:
    """Stop the local chain; its state stays on disk."""
    from medici.firm import launch

    stopped = launch.down(open_firm(firm, network))
    text = "The chain is stopped." if stopped else "No chain was running."
    show({"stopped": stopped}, as_json, lambda said: say(text))


def deploy(
    firm: FirmDir = None,
    network: Network = None,
    yes: Annotated[bool, typer.Option("--yes", "-y")] = False,
    as_json: Json = False,
) -> None:
    """Put the firm's contracts on a chain and hand all power to its timelock."""
    from medici.firm import launch

    opened = open_firm(firm, network)
    if not opened.network.kept:
        confirm(f"Deploy on {opened.network.name}? This costs real money.", yes, as_json)
    from medici.firm import overview

    with launch.chain(opened, tied=True, deploy=True):
        result = overview.status(opened)
    show(result, as_json, _show_status)


def status(firm: FirmDir = None, network: Network = None, as_json: Json = False) -> None:
    """What the firm is, what it has made, and what stands in its books."""
    from medici.firm import overview

    show(overview.status(open_firm(firm, network)), as_json, _show_status)


def run(
    firm: FirmDir = None,
    network: Network = None,
    rounds: Annotated[int, typer.Option(min=1, help="How many rounds.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same works.")] = 0,
    as_json: Json = False,
) -> None:
    """Run the firm by itself: generate, filter, certify, anchor, auction, settle, pay.

    An interrupted run is finished first. On a local chain the bidders are simulated collectors.
    """
    from medici.firm import launch

    opened = open_firm(firm, network)
    with launch.chain(opened, tied=True, deploy=True) as chain:
        from medici.agents import durable
        from medici.firm import verifying

        with progress("running", rounds * len(durable.STEPS), as_json) as done:
            steps: list[str] = []

            def watch(number: int, step: str) -> None:
                done(len(steps))
                steps.append(f"{number}/{step}")

            reports, resumed = durable.run(opened, chain, rounds, seed, watch)
            verifying.write_bundle(opened, chain)

    def human(said: dict[str, Any]) -> None:
        if said["resumed"]:
            say("An interrupted run was finished.")
        for each in said["rounds"]:
            show_round(each)

    show({"resumed": resumed, "rounds": reports}, as_json, human)


def demo(
    folder: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where the demo firm lives.")
    ] = Path("medici-demo"),
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same works.")] = 0,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    serve: Annotated[bool, typer.Option(help="Keep the page up afterwards.")] = False,
    as_json: Json = False,
) -> None:
    """The whole life of a firm in a few minutes, offline, with simulated collectors."""
    from medici.agents import demo as story

    with progress("the firm runs", rounds * 10 + 2, as_json) as done:
        result = story.play(folder, seed, rounds, done)
    show(result, as_json, _show_demo)
    if not all(result["checks"].values()):
        raise typer.Exit(1)
    if serve:
        from medici.cli.servers import keep_serving

        keep_serving(folder)


def show_round(said: dict[str, Any]) -> None:
    """One round, for people."""
    say(
        f"\nRound {said['round']}: {said['candidates']} candidates, {said['vetted']} kept, "
        f"anchored as {str(said['anchored'])[:12]}…, {said['bids']} bids by simulated collectors"
    )
    rows = [
        (
            sale["title"],
            sale["sale"],
            sale["price"] if sale["outcome"] == "sold" else sale["outcome"],
            sale["royalty"] if sale["sale"] == "resale" else "",
            (sale["buyer"] or "")[:10],
        )
        for sale in said["sales"]
    ]
    table("", ("work", "sale", "price", "royalty", "buyer (simulated)"), rows)
    paid = said["paid"]
    say(f"  paid out {paid['withdrawn']}, of it dividends shared {paid['dividends']}")


def _show_demo(said: dict[str, Any]) -> None:
    for each in said["rounds"]:
        show_round(each)
    money = said["money"]
    say(
        f"\nIn the books: received {money['received']} = paid out {money['paid_out']} "
        f"+ owed {money['owed']}; dividends {money['dividends']}, "
        f"resale royalties {money['royalties_resale']}"
    )
    for name, holds in said["checks"].items():
        say(f"  {'ok' if holds else 'NO'}  {name.replace('_', ' ')}")
    first = said["works"][0]["file"] if said["works"] else "FILE"
    say(f"\n{len(said['works'])} works in {said['folder']}, {said['seconds']['total']:.0f} s.")
    say(f"Try:  medici verify {first}\n      medici serve --firm {said['folder']}")


def _show_status(said: dict[str, Any]) -> None:
    say(f"{said['name']} ({said['folder']})")
    chain = said["chain"]
    say(f"  chain     {chain['network']}, id {chain['id']}, {'up' if chain['up'] else 'down'}")
    if said["contracts"]:
        say(f"  works at  {said['contracts'].get('Works', '')}")
    works = said["works"]
    minted = "" if works["minted"] is None else f", {works['minted']} minted"
    say(f"  works     {works['total']} ({works['anchored']} anchored{minted})")
    if said["books"]:
        books = said["books"]
        say(
            f"  books     received {books['received']} = paid out {books['paid_out']} "
            f"+ owed {books['owed']}"
        )
