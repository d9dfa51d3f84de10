"""Commands of the proof room: certify and anchor works, verify any file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from medici.cli.output import DryRun, FirmDir, Json, Network, open_firm, say, show, table


def add_to(app: typer.Typer) -> None:
    """Put this group's commands into the program."""
    for command in (certify, anchor, verify, bundle):
        app.command()(command)


def certify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Files we generated.")],
    firm: FirmDir = None,
    network: Network = None,
    as_json: Json = False,
) -> None:
    """Sign generated works: record, model's signature, Content Credentials in the file."""
    from medici.firm import launch, making

    opened = open_firm(firm, network)
    with launch.chain(opened) as chain:
        entries = making.certify_files(opened, chain, files)
    result = {
        "works": [
            {"id": e.id, "file": e.file, "title": e.title, "metadata": e.metadata} for e in entries
        ]
    }

    def human(said: dict[str, Any]) -> None:
        table("certified", ("work", "file"), [(w["id"][:16], w["file"]) for w in said["works"]])

    show(result, as_json, human)


def anchor(
    firm: FirmDir = None, network: Network = None, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Anchor all certified works in one transaction and write the proof into their files."""
    from medici.firm import launch, making

    opened = open_firm(firm, network)
    with launch.chain(opened) as chain:
        waiting = [entry for entry in opened.catalogue if entry.stage == "certified"]
        result = making.anchor(opened, chain, waiting, dry_run=dry_run)

    def human(said: dict[str, Any]) -> None:
        if said.get("root") is None:
            say("Nothing to anchor: every certified work is anchored already.")
        else:
            say(f"Anchored {said['count']} works under {said['root']} ({said.get('time', '')})")

    show(result, as_json, human)


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Any file, from anywhere.")],
    rerun: Annotated[bool, typer.Option("--rerun", help="Make the work again, compare.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no chain.")] = False,
    against: Annotated[
        Path | None, typer.Option("--bundle", help="A firm's trust bundle to check against.")
    ] = None,
    rpc: Annotated[
        str | None, typer.Option(metavar="URL", help="A node of the chain the file names.")
    ] = None,
    firm: FirmDir = None,
    network: Network = None,
    as_json: Json = False,
) -> None:
    """Is this file authentic, who made it, and when? Ends 0 for authentic, 1 for anything else."""
    from medici.firm import verifying

    opened = verifying.firm_at_hand(firm, network, against)
    result = verifying.verify_file(
        opened, file, rerun=rerun, offline=offline, bundle=against, rpc=rpc
    )
    show(result, as_json, lambda said: _stamp(file, said))
    if result["verdict"] != "authentic":
        raise typer.Exit(1)


def bundle(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
    firm: FirmDir = None,
    network: Network = None,
    as_json: Json = False,
) -> None:
    """Write the firm's trust bundle: all that anybody needs to verify its works offline."""
    from medici.firm import launch, verifying

    opened = open_firm(firm, network)
    with launch.chain(opened, tied=True) as chain:
        path = verifying.write_bundle(opened, chain, out)
    result = {"file": str(path), "signer": opened.keyring.address("artist")}
    show(result, as_json, lambda said: say(f"{said['file']}, signed by {said['signer']}"))


def _stamp(file: Path, said: dict[str, Any]) -> None:
    say(f"{said['verdict'].upper()}  {file}")
    facts = {
        "work": said["work"],
        "token": said["token"],
        "found by": said["found_by"],
        "model": (said["model"] or {}).get("id"),
        "signature": said["signature"],
        "credentials": said["credentials"],
        "anchored": said["anchored_at"],
        "re-run": said["rerun"] if said["rerun"] != "not asked" else None,
    }
    for name, value in facts.items():
        if value:
            say(f"  {name:<12}{value}")
    for note in said["notes"]:
        say(f"  - {note}")
