"""From a folder to a firm that stands on a chain: node, keys, contracts, and the first settling in.

`chain` is the one door for everything that needs the chain: it puts back what a killed local chain
lost, and on request deploys. Every step is idempotent; a launch that was killed goes on.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from medici.errors import MediciError
from medici.firm import registering
from medici.ledger.chain import Chain
from medici.ledger.clients.structs import Allocation
from medici.ledger.clients.structs import Recipient as RecipientStruct
from medici.market import earnings
from medici.records import FULL_BPS, Address, Digest, Money, Split, shares

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from medici.firm.house import Firm
    from medici.ledger.deploy import Plan
    from medici.ledger.rpc import Rpc
    from medici.ledger.sender import Sender

LOCAL_DELAY, PUBLIC_DELAY = 0, 2 * 86_400
"""Seconds that the timelock waits: none where a developer tries things, two days elsewhere."""


@contextmanager
def chain(firm: Firm, *, tied: bool = False, deploy: bool = False) -> Iterator[Chain]:
    """The firm's chain for the length of a ``with``.

    Args:
        firm: whose.
        tied: start the local chain if it is not up, and stop it again at the end.
        deploy: put the firm on it if it is not there yet.

    Raises:
        NoNode: no node answers; NotDeployed: the firm is not on this chain.
    """
    from medici.ledger.journal import Journal
    from medici.ledger.networks import connect, local_node
    from medici.ledger.recovery import recover
    from medici.ledger.sender import Sender

    network, state = firm.network, firm.settings.state
    with ExitStack() as stack:
        if tied and network.kept:
            stack.enter_context(local_node(network, state, firm.environ).tied(network.port))
        rpc = stack.enter_context(connect(network, state))
        journal = Journal(state / "journal.sqlite", time.time)
        stack.callback(journal.close)
        chain_id = int(rpc.call("eth_chainId"), 16)
        recover(rpc, journal, chain_id)
        sender = Sender(rpc, journal, chain_id, confirmations=network.confirmations)
        yield _settled(firm, rpc, sender) if deploy else _standing(firm, rpc, sender)


def _standing(firm: Firm, rpc: Rpc, sender: Sender) -> Chain:
    from medici.ledger import deployment
    from medici.ledger.deploy import Contracts

    stands = deployment.load(firm.settings.state, sender.chain_id)
    deployment.check(rpc, stands)
    return Chain(rpc, sender, Contracts(rpc, stands), sender.chain_id)


def _settled(firm: Firm, rpc: Rpc, sender: Sender) -> Chain:
    """Deploy what is missing, register the model, make the split, fund simulated collectors."""
    from medici.firm.house import ROLES
    from medici.ledger import deploy as deploying
    from medici.ledger.node import fund

    for role in (*ROLES, registering.signer_role(firm)):
        firm.keyring.ensure(role)
    collectors = firm.collectors()
    if firm.network.kept:
        own = [firm.keyring.address(role) for role in ROLES]
        fund(rpc, [*own, *(key.address for key in collectors.values())])
    deployer = firm.key("deployer")
    contracts = deploying.deploy(rpc, sender, deployer, plan(firm), firm.settings.state)
    settled = Chain(rpc, sender, contracts, sender.chain_id)
    registering.register(firm, settled)
    split = income_split(firm, settled)
    if earnings.split_number(settled, split.id) == 0:
        recipients = [RecipientStruct(Digest(r.word.hex()), r.bps) for r in split.recipients]
        call = contracts.revenue.create_split(recipients)
        settled.send(f"split/{split.id}", firm.key("artist"), call)
    budget = Money.parse(firm.settings.collectors.budget, settled.decimals)
    for name, key in collectors.items():
        if settled.sender.receipt(f"fund/{name}") is None:
            call = contracts.currency.mint(key.address, budget.units)
            settled.send(f"fund/{name}", deployer, call)
    return settled


def plan(firm: Firm) -> Plan:
    """What is deployed for this firm."""
    from medici.ledger.deploy import TREASURY, Plan

    settings, artist = firm.settings, firm.keyring.address("artist")
    whole = settings.shares.supply * 10**18
    given: list[tuple[Address, int]] = [(artist, whole * settings.shares.artist // FULL_BPS)]
    people = [key.address for key in firm.collectors().values()]
    if people:
        each = whole * settings.collectors.shares // FULL_BPS // len(people)
        given += [(person, each) for person in people]
    given.append((TREASURY, whole - sum(amount for _, amount in given)))
    return Plan(
        name=settings.firm.name,
        symbol=settings.firm.symbol,
        contract_uri="",
        royalty=settings.money.royalty,
        proposers=(artist,),
        guardian=firm.keyring.address("guardian"),
        allocations=tuple(
            Allocation(holder, amount, 0, 0, 0, False) for holder, amount in given if amount
        ),
        delay=LOCAL_DELAY if firm.network.kept else PUBLIC_DELAY,
        currency=firm.network.currency,
    )


def income_split(firm: Firm, settled: Chain) -> Split:
    """How the income of the firm's works is shared, from its settings."""
    money, contracts = firm.settings.money, settled.contracts
    parts: list[tuple[Address | Digest, int]] = [
        (firm.keyring.address("artist"), money.artist),
        (Address(contracts.shares.inbox()), money.shareholders),
        (Address(contracts.timelock.address), money.treasury),
    ]
    return shares([(account, bps) for account, bps in parts if bps])


def up(firm: Firm, port: int = 0) -> dict[str, Any]:
    """Start the local chain so that it stays, deploy the firm if need be; the firm's status.

    Raises:
        NoNode, PortTaken, StateFromOtherVersion: as `Node.up`.
    """
    from medici.firm import overview
    from medici.ledger.networks import local_node

    started = None
    if firm.network.kept:
        node = local_node(firm.network, firm.settings.state, firm.environ)
        started = node if node.running() is None else None
        node.up(port or firm.network.port)
    try:
        with chain(firm, deploy=True):
            pass
    except BaseException:
        if started is not None:
            started.down()  # a launch that failed leaves nothing running
        raise
    return overview.status(firm)


def down(firm: Firm) -> bool:
    """Stop the local chain, its state saved; False when none was up."""
    from medici.ledger.networks import local_node

    if not firm.network.kept:
        return False
    return local_node(firm.network, firm.settings.state, firm.environ).down()


def doctor(folder: Path, network: str | None) -> list[dict[str, Any]]:
    """Everything the firm needs, checked; nothing is started or changed.

    Each check has ``name``, ``ok``, ``detail``, ``hint``.
    """
    from medici.firm.house import ROLES, Firm
    from medici.ledger.doctor import examine

    try:
        firm = Firm.open(folder, network)
    except MediciError as error:
        return [{"name": "firm", "ok": False, "detail": error.message, "hint": error.hint}]
    state = firm.settings.state
    roles = ROLES if (state / "keys").is_dir() else ()
    checks: list[dict[str, Any]] = [
        {"name": "firm", "ok": True, "detail": str(firm.folder), "hint": ""}
    ]
    checks += [
        dict(check.as_json())
        for check in examine(firm.network, state, firm.keyring if roles else None, roles)
    ]
    try:
        model = firm.generator
        checks.append({"name": "model", "ok": True, "detail": model.id, "hint": ""})
    except MediciError as error:
        checks.append({"name": "model", "ok": False, "detail": error.message, "hint": error.hint})
    return checks
