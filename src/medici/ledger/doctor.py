"""Is everything here that the ledger needs? A list of checks, each with what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from medici.errors import MediciError, NotDeployed
from medici.ledger import deployment
from medici.ledger.journal import Journal
from medici.ledger.networks import connect, local_node
from medici.ledger.node import find_anvil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from medici.ledger.accounts import Keyring
    from medici.ledger.networks import Network
    from medici.ledger.rpc import Rpc

_LITTLE_COIN = 10**16


@dataclass(frozen=True, slots=True)
class Check:
    """One answer of the doctor.

    Attributes:
        name: what was looked at.
        ok: whether all is well; a thing not needed here is well.
        detail: what was found.
        hint: what to do about it.
        code: of the error it would be, e.g. ``no-node``.
    """

    name: str
    ok: bool
    detail: str
    hint: str = ""
    code: str = ""

    def as_json(self) -> dict[str, str | bool]:
        """Plain JSON."""
        return {
            "name": self.name, "ok": self.ok, "detail": self.detail, "hint": self.hint,
            "code": self.code,
        }  # fmt: skip


def _attempt(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except MediciError as error:
        return Check(name, False, error.message, error.hint, error.code)
    except OSError as error:
        return Check(name, False, str(error), code="error")


def examine(
    network: Network,
    folder: Path,
    keyring: Keyring | None = None,
    roles: Sequence[str] = (),
    environ: Mapping[str, str] = os.environ,
) -> list[Check]:
    """Look at everything; nothing is started, sent or changed.

    Args:
        network: the chain in use.
        folder: the firm's state folder (``.medici``).
        keyring: the firm's keys; none skips them.
        roles: that must have a key, which the password must open.
        environ: where programs are looked up.
    """
    checks = [_python(), *_programs(network, environ)]
    journal_path = folder / "journal.sqlite"
    if journal_path.exists():
        checks.append(_attempt("journal", lambda: _journal(journal_path)))
    if keyring is not None:
        checks += [_attempt(f"key {role}", partial(_key, keyring, role)) for role in roles]
    connections: list[Rpc] = []

    def reach() -> str:
        rpc = connect(network, folder)
        connections.append(rpc)
        version = rpc.call("web3_clientVersion")
        return f"{version} at {rpc.shown_url}, chain {int(rpc.call('eth_chainId'), 16)}"

    if network.kept and local_node(network, folder, environ).running() is None:
        checks.append(Check("chain", True, "not running; commands start it, medici up keeps it up"))
        return checks
    checks.append(_attempt("chain", reach))
    for rpc in connections:
        with rpc:
            checks += _on_chain(rpc, folder, keyring, roles)
    return checks


def _python() -> Check:
    version = platform.python_version()
    hint = "install Python 3.11 or newer"
    return Check("python", sys.version_info >= (3, 11), version, hint)


def _programs(network: Network, environ: Mapping[str, str]) -> Iterator[Check]:
    if not network.kept:
        yield Check("anvil", True, f"not needed: {network.name} has a node of its own")
        return

    def anvil() -> str:
        program = find_anvil(environ)
        run = subprocess.run(
            [str(program), "--version"], capture_output=True, text=True, timeout=30, check=False
        )
        return f"{run.stdout.splitlines()[0] if run.stdout else 'no version'}, {program}"

    yield _attempt("anvil", anvil)
    node = shutil.which("node", path=environ.get("PATH"))
    yield Check(
        "node",
        True,  # the package brings compiled contracts: only who changes them needs Node
        node or "not installed; only needed to compile contracts",
    )


def _journal(path: Path) -> str:
    journal = Journal(path, time.time)
    try:
        problems = journal.check()
        if problems:
            raise MediciError("; ".join(problems), f"keep a copy of {path} and report it")
        return f"{path.name} is sound"
    finally:
        journal.close()


def _key(keyring: Keyring, role: str) -> str:
    address = keyring.address(role)
    keyring.unlock(role)
    mode = keyring.path(role).stat().st_mode & 0o777
    if mode & 0o077:
        raise MediciError(
            f"the key file of {role} can be read by others (mode {mode:o})",
            f"chmod 600 {keyring.path(role)}",
        )
    return address


def _on_chain(
    rpc: Rpc, folder: Path, keyring: Keyring | None, roles: Sequence[str]
) -> Iterator[Check]:
    chain_id = int(rpc.call("eth_chainId"), 16)

    def contracts() -> str:
        try:
            stands = deployment.load(folder, chain_id)
        except NotDeployed as missing:
            return f"{missing.message}; {missing.hint}"
        deployment.check(rpc, stands)
        return f"{len(stands.contracts)} contracts, all as deployed"

    yield _attempt("contracts", contracts)
    for role in roles if keyring is not None else ():
        if keyring is None or role not in keyring.roles() or role == "model":
            continue  # a model signs works, not transactions
        address = keyring.address(role)
        wei = int(rpc.call("eth_getBalance", address, "latest"), 16)
        yield Check(
            f"gas of {role}",
            wei >= _LITTLE_COIN or role != "artist",
            f"{wei / 10**18:.4f} of the chain's coin",
            f"send coin to {address}",
            "no-funds" if wei < _LITTLE_COIN else "",
        )
