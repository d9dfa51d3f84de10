"""The local chain: starts, adopts and stops anvil, and moves its clock.

`Node.up` leaves the chain running for the commands to come; `Node.tied` keeps it for the life of
one command and leaves nothing behind, however that command ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from medici.errors import NoNode, PortTaken, StateFromOtherVersion, WrongUse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from medici.ledger.rpc import Rpc

LOCAL_CHAIN_ID = 31337
_KEEPER = Path(__file__).with_name("keeper.py")
_GET_ANVIL = (
    "npm install in the repository fetches it (package @foundry-rs/anvil-…), "
    "or install Foundry, or set MEDICI_ANVIL to the program"
)


@dataclass(frozen=True, slots=True)
class RunningNode:
    """A local chain that is up.

    Attributes:
        anvil: process id of the chain.
        keeper: process id of its keeper.
        tied: it stops with the command that started it.
        version: what the node calls itself.
    """

    url: str
    port: int
    chain_id: int
    anvil: int
    keeper: int
    tied: bool
    version: str


def find_anvil(environ: Mapping[str, str] = os.environ) -> Path:
    """The anvil program: ``MEDICI_ANVIL``, then ``node_modules`` here or above, then ``PATH``.

    Raises:
        NoNode: it is nowhere; the hint says how to get it.
    """
    if asked := environ.get("MEDICI_ANVIL"):
        path = Path(asked)
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise NoNode(f"MEDICI_ANVIL names {asked}, which is no program", _GET_ANVIL)
        return path
    machine = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64"}.get(
        platform.machine(), platform.machine()
    )
    package = f"node_modules/@foundry-rs/anvil-{sys.platform}-{machine}/bin/anvil"
    here = Path.cwd()
    for folder in (here, *here.parents, *Path(__file__).resolve().parents):
        if (folder / package).is_file():
            return folder / package
    found = shutil.which("anvil", path=environ.get("PATH"))
    if found is None:
        raise NoNode("anvil, the local chain, is not installed", _GET_ANVIL)
    return Path(found)


class Node:
    """The local chain of one folder.

    Args:
        folder: where its state is kept (``.medici/chain``); made when first needed.
        chain_id: EIP-155 id it answers to.
        save_every: seconds between two saves of a chain that grows.
        environ: where ``MEDICI_ANVIL`` and ``PATH`` are looked up.
    """

    def __init__(
        self,
        folder: Path,
        *,
        chain_id: int = LOCAL_CHAIN_ID,
        save_every: float = 5.0,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.folder = folder.absolute()
        self.chain_id = chain_id
        self.save_every = save_every
        self.environ = environ

    def running(self) -> RunningNode | None:
        """The chain of this folder if it is up."""
        if not self._kept():
            return None
        try:
            data = json.loads((self.folder / "node.json").read_bytes())
        except (OSError, ValueError):
            return None
        return _running(data)

    def up(self, port: int = 0) -> RunningNode:
        """Start the chain and leave it running, or adopt the one that is.

        Args:
            port: to listen on; 0 chooses a free one.

        Raises:
            NoNode: anvil is not installed or does not start.
            PortTaken: another program uses the port, or the running chain has another.
            StateFromOtherVersion: the kept chain cannot be read; it is left as it is.
        """
        found = self.running()
        if found is None:
            found = self._start(port, pipe=None)
        if port not in (0, found.port):
            raise PortTaken(
                f"the chain of this firm already runs on port {found.port}", "medici down stops it"
            )
        return found

    @contextlib.contextmanager
    def tied(self, port: int = 0) -> Iterator[RunningNode]:
        """The chain for the length of a ``with``; one that was up before stays up after.

        Raises:
            NoNode, PortTaken, StateFromOtherVersion: as `up`.
        """
        found = self.running()
        if found is not None:
            yield self.up(port)
            return
        reading, writing = os.pipe()
        try:
            try:
                found = self._start(port, pipe=reading)
            finally:
                os.close(reading)
            yield found
        finally:
            os.close(writing)  # the keeper sees the end of the pipe
            if found is not None and found.tied:
                self._wait_until_gone()

    def down(self) -> bool:
        """Stop the chain, its state saved. False when none was up.

        Raises:
            NoNode: it does not stop.
        """
        found = self.running()
        if found is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(found.keeper, signal.SIGTERM)
        self._wait_until_gone()
        return True

    def _kept(self) -> bool:
        """Whether a keeper, or its anvil, holds the folder."""
        try:
            lock = os.open(self.folder / "lock", os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def _wait_until_gone(self, patience: float = 70.0) -> None:
        deadline = time.monotonic() + patience
        while self._kept():
            if time.monotonic() > deadline:
                raise NoNode(f"the chain in {self.folder} does not stop")
            time.sleep(0.01)

    def _start(self, port: int, pipe: int | None) -> RunningNode:
        config = {
            "folder": str(self.folder),
            "program": str(find_anvil(self.environ)),
            "port": port,
            "chain_id": self.chain_id,
            "tied": pipe is not None,
            "save_every": self.save_every,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-I", str(_KEEPER), json.dumps(config)],
            stdin=subprocess.DEVNULL if pipe is None else pipe,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the command, not for its chain
        )
        with process:  # ends at once: the keeper goes on in a child of its own
            assert process.stdout is not None
            line = process.stdout.readline()
        answer = json.loads(line) if line else {"error": "failed", "message": "no answer"}
        if "error" not in answer:
            return _running(answer)
        code, message = answer["error"], answer["message"]
        if code == "adopt" and (found := self.running()):
            return found
        if code == "port-taken":
            raise PortTaken(message, "choose another, or --port 0 for any free one")
        if code == "state":
            raise StateFromOtherVersion(
                message, f"nothing was changed; move {self.folder} away to begin a new chain"
            )
        raise NoNode(f"the local chain does not start: {message}")


def _running(data: Mapping[str, object]) -> RunningNode:
    return RunningNode(
        url=str(data["url"]),
        port=int(str(data["port"])),
        chain_id=int(str(data["chain_id"])),
        anvil=int(str(data["anvil"])),
        keeper=int(str(data["keeper"])),
        tied=bool(data["tied"]),
        version=str(data["version"]),
    )


def is_local(rpc: Rpc) -> bool:
    """Whether this is a development chain whose clock and balances may be set."""
    return str(rpc.call("web3_clientVersion")).startswith("anvil/")


def _require_local(rpc: Rpc) -> None:
    if not is_local(rpc):
        raise WrongUse("only a local chain's clock and balances can be set")


def chain_time(rpc: Rpc) -> int:
    """Timestamp of the latest block, Unix seconds."""
    return int(rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)


def advance_to(rpc: Rpc, timestamp: int) -> int:
    """Bring a local chain's clock to at least this time; the same call again changes nothing.

    Returns:
        The latest block's timestamp afterwards.

    Raises:
        WrongUse: the chain is not a local one.
    """
    _require_local(rpc)
    now = chain_time(rpc)
    if now >= timestamp:
        return now
    rpc.call("evm_setNextBlockTimestamp", timestamp)
    rpc.call("evm_mine")
    return chain_time(rpc)


def fund(rpc: Rpc, accounts: list[str], wei: int = 10**22) -> None:
    """Give accounts of a local chain at least this much of its own coin, to pay gas with.

    Raises:
        WrongUse: the chain is not a local one.
    """
    _require_local(rpc)
    balances = rpc.batch([("eth_getBalance", (a, "latest")) for a in accounts])
    poor = [a for a, b in zip(accounts, balances, strict=True) if int(b, 16) < wei]
    rpc.batch([("anvil_setBalance", (account, hex(wei))) for account in poor])
