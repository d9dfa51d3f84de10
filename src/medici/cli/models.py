"""Commands of the model registry: which models the firm's works may be made by."""

from __future__ import annotations

from pathlib import Path
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


@app.command()
def adopt(
    source: Annotated[
        str, typer.Argument(help="A folder, a .gguf file, a hub id (owner/name) or an endpoint.")
    ],
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="Becomes the model's folder.")],
    family: Annotated[
        str | None, typer.Option(help="diffusion or language (default: what the source shows).")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The model's (default: the folder's).")] = None,
    licence: Annotated[
        str | None, typer.Option(help="The model's (default: what its card states).")
    ] = None,
    revision: Annotated[
        str | None, typer.Option(help="Branch, tag or commit, of a model on the hub.")
    ] = None,
    served_as: Annotated[
        str | None, typer.Option(help="What an endpoint calls the model that is meant.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Take in another maker's model: its files are looked over, copied and recorded."""
    from medici.errors import WrongUse
    from medici.studio import families, imported

    chosen = family or imported.family_of(source)
    if chosen not in imported.FAMILIES:
        raise WrongUse(
            f"models of family {chosen!r} are trained here, not taken in",
            f"--family {' or '.join(imported.FAMILIES)}",
        )
    more: dict[str, Any] = {"model": served_as} if served_as else {}
    if more and chosen != "language":
        raise WrongUse("--served-as is for endpoints of language models")
    taker: Any = families.family(chosen)
    record = taker.adopt(source, out, name=name, licence=licence, revision=revision, **more)
    result = {
        "model": record.id,
        "name": record.name,
        "family": record.family,
        "licence": record.data_licence,
        "folder": str(out.absolute()),
    }
    show(
        result,
        as_json,
        lambda said: say(
            f"model {said['model'][:16]} ({said['family']}, licence {said['licence']}) "
            f"is in {said['folder']}"
        ),
    )


@app.command()
def onnx(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The .onnx file.")],
    model: Annotated[
        str | None, typer.Option(help="A shipped model's name or a model's folder.")
    ] = None,
    part: Annotated[
        str | None,
        typer.Option(help="One of its networks (default: the whole of a picture model)."),
    ] = None,
    small: Annotated[
        bool,
        typer.Option(
            "--small",
            help="Large layers in 8 bits, for ONNX Runtime only: one picture comes twice as soon.",
        ),
    ] = False,
    firm: FirmDir = None,
    as_json: Json = False,
) -> None:
    """Write a model in integers as ONNX, for previews in other runtimes."""
    from medici.cli.making import generator_of
    from medici.errors import WrongUse
    from medici.store import atomic_write
    from medici.studio.exact.onnx import network_file
    from medici.studio.pictures.model import PictureModel
    from medici.studio.pictures.preview import onnx_file

    generator = generator_of(firm, model)
    exact = getattr(generator, "exact", None)
    if exact is None:
        raise WrongUse(f"{generator.record.name} is not in integers: its own files are floats")
    if part is None and isinstance(generator, PictureModel):
        data = onnx_file(generator, small=small)
    elif small:
        raise WrongUse("--small is for whole picture models", "leave it out")
    elif part in exact.networks:
        data = network_file(exact.networks[part])
    else:
        lacks = f"no network {part!r}" if part else "several networks; say which one"
        raise WrongUse(
            f"{generator.record.name} has {lacks}",
            f"--part {' or '.join(sorted(exact.networks))}",
        )
    atomic_write(out, data, durable=False)
    result = {"model": generator.id, "file": str(out.absolute()), "bytes": len(data)}
    show(result, as_json, lambda said: say(f"{said['file']}: {said['bytes']:,} bytes"))
