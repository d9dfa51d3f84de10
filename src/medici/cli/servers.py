"""Commands that keep running: the page."""

from __future__ import annotations

import json
import signal
import socket
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from medici.cli.output import FirmDir, Json, Network, open_firm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from medici.firm.house import Firm

HOST = "127.0.0.1"
PORT = 8000


def add_to(app: typer.Typer) -> None:
    """Put this group's commands into the program."""
    app.command(name="serve")(serve_command)


def serve_command(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = HOST,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 chooses a free one.")] = PORT,
    firm: FirmDir = None,
    network: Network = None,
    as_json: Json = False,
) -> None:
    """Show the gallery, every work's proof, and verification by drop, in the browser."""
    serve(open_firm(firm, network), host, port, as_json=as_json)


def keep_serving(folder: Path, host: str = HOST, port: int = PORT) -> None:
    """Serve the firm in this folder until Ctrl-C, on another port if this one is taken."""
    from medici.errors import PortTaken
    from medici.firm.house import Firm

    firm = Firm.open(folder)
    try:
        listen(host, port).close()
    except PortTaken as error:
        typer.secho(f"medici: {error.message}, so another was chosen", err=True)
        port = 0
    serve(firm, host, port)


def serve(firm: Firm, host: str = HOST, port: int = PORT, *, as_json: bool = False) -> None:
    """Serve this firm's page until Ctrl-C or SIGTERM, either of which ends it well.

    Raises:
        PortTaken: another program listens there, or this user may not.
    """
    listener = listen(host, port)
    chosen = listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{chosen}"
    import uvicorn

    from medici.web.app import create_app

    config = uvicorn.Config(
        create_app(firm),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    signal.signal(signal.SIGTERM, _leave)
    with listener, _chain_beside(firm):
        if as_json:
            sys.stdout.write(json.dumps({"url": url}) + "\n")
            sys.stdout.flush()
        else:
            # On stderr: after `demo --json` stdout holds one object and nothing else.
            typer.secho(f"{firm.settings.firm.name} is at {url}  (Ctrl-C ends)", err=True)
        try:
            uvicorn.Server(config).run(sockets=[listener])
        except KeyboardInterrupt:
            return  # the ordinary way to end it


@contextmanager
def _chain_beside(firm: Firm) -> Iterator[None]:
    """Keep the firm's local chain up beside the page, so that owners and prices can be shown.

    A chain that was up before stays up after. Without one the page says so, and shows the rest.
    """
    from medici.errors import MediciError
    from medici.ledger.deployment import path_of
    from medici.ledger.networks import local_node

    network, state = firm.network, firm.settings.state
    with ExitStack() as stack:
        if network.kept and path_of(state, network.chain_id).exists():
            try:
                stack.enter_context(local_node(network, state, firm.environ).tied(network.port))
            except MediciError as error:
                typer.secho(f"medici: {error.message}; the page does without a chain", err=True)
        yield


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        PortTaken: as `serve`.
        WrongUse: no such address on this machine.
    """
    import errno

    from medici.errors import PortTaken, WrongUse

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"port {port} is used by another program", "medici serve --port 0 chooses another"
            ) from None
        if error.errno == errno.EACCES:
            raise PortTaken(f"port {port} needs more rights", "choose one above 1023") from None
        raise WrongUse(f"cannot listen on {host}: {error.strerror or error}") from None
    return listener


def _leave(signum: int, frame: object) -> NoReturn:
    raise SystemExit(0)
