"""Commands of the model registry: which models the firm's works may be made by."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from medici.cli.output import FirmDir, Json, Network, open_firm, say, show, table

app = typer.Typer(help="The models whose signature counts.", no_args_is_help=True)


@app.command()
def register(firm: FirmDir = None, network: Network = None, as_json: Json = False) -> None:
    """Propose the firm's model and have governance authorise it."""
    from medici.firm import launch, registering

    opened = open_firm(firm, network)
    with launch.chain(opened) as chain:
        result = registering.register(opened, chain)
    show(result, as_json, lambda said: say(f"{said['name']} {said['id'][:16]}: {said['state']}"))


@app.command(name="list")
def list_(firm: FirmDir = None, network: Network = None, as_json: Json = False) -> None:
    """The models that were ever authorised."""
    from medici.firm import launch, registering

    opened = open_firm(firm, network)
    with launch.chain(opened) as chain:
        models = registering.models(chain)

    def human(said: dict[str, Any]) -> None:
        rows = [(m["id"][:16], m["state"], m["signer"]) for m in said["models"]]
        table("", ("model", "state", "signer"), rows)

    show({"models": models}, as_json, human)


@app.command("show")
def show_(firm: FirmDir = None, network: Network = None, as_json: Json = False) -> None:
    """The record of the model in use."""
    opened = open_firm(firm, network)
    record = opened.generator.record.as_json()
    show(record, as_json, lambda said: say(f"{said['name']}  {said['id']}\n{said['data_licence']}"))


@app.command()
def revoke(
    reason: Annotated[str, typer.Argument(help="Why; kept on the chain for ever.")],
    model: Annotated[str | None, typer.Option(help="Its id (default: the model in use).")] = None,
    firm: FirmDir = None,
    network: Network = None,
    yes: Annotated[bool, typer.Option("--yes", "-y")] = False,
    as_json: Json = False,
) -> None:
    """End a model's word in distrust: nothing of it is minted any more."""
    from medici.cli.output import confirm
    from medici.firm import launch, registering
    from medici.records import ModelId

    opened = open_firm(firm, network)
    chosen = ModelId(model) if model else opened.generator.id
    confirm(f"Revoke model {chosen[:16]} for ever?", yes, as_json)
    with launch.chain(opened) as chain:
        result = registering.revoke(opened, chain, chosen, reason)
    show(result, as_json, lambda said: say(f"{said['id'][:16]}: {said['state']}"))
