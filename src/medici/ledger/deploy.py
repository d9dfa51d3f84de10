"""Puts a firm's contracts on a chain and hands all admin power to its timelock.

Each step is a journaled transaction under a key of its own, so a deployment killed in the middle
goes on where it was, at the same addresses. `deployment` keeps the books.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eth_hash.auto import keccak

from medici.errors import BadSettings, ChainRefused, NotDeployed
from medici.ledger import clients
from medici.ledger.contract import creation
from medici.ledger.deployment import Deployed, Deployment, check, code_hashes, load, path_of
from medici.records import Address
from medici.store import atomic_write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from medici.ledger.calls import Call
    from medici.ledger.clients.structs import Allocation
    from medici.ledger.contract import Contract
    from medici.ledger.rpc import Rpc
    from medici.ledger.sender import Sender, Wallet

ZERO = Address("0x" + "0" * 40)
TREASURY = ZERO
"""In the first issue of shares, stands for the firm's treasury: the timelock, not yet deployed."""
# OpenZeppelin's AccessControl names roles by hash; the administrator of all is zero.
TIMELOCK_ROLES = {
    "admin": b"\0" * 32,
    "proposer": keccak(b"PROPOSER_ROLE"),
    "executor": keccak(b"EXECUTOR_ROLE"),
    "canceller": keccak(b"CANCELLER_ROLE"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What firm is to be deployed.

    Attributes:
        name: of the collection of works, and of the shares with " Shares" added.
        symbol: ticker of works and shares.
        contract_uri: where the collection is described (ERC-7572).
        royalty: of resales, basis points, for ever.
        proposers: who may propose to the timelock, and cancel.
        guardian: who may stop new entries.
        allocations: the first issue of shares; `TREASURY` as holder stands for the timelock.
        delay: seconds between a proposal and its execution.
        currency: the settlement token; none deploys TestDollar, on a local chain only.
    """

    name: str
    symbol: str
    contract_uri: str
    royalty: int
    proposers: tuple[Address, ...]
    guardian: Address
    allocations: tuple[Allocation, ...]
    delay: int = 0
    currency: Address | None = None


class Contracts:
    """Typed clients of all contracts of one firm."""

    def __init__(self, rpc: Rpc, deployment: Deployment) -> None:
        at = deployment.address
        self.deployment = deployment
        self.timelock = clients.TimelockController(rpc, at("TimelockController"))
        self.currency = clients.TestDollar(rpc, at("Currency"))
        self.registry = clients.ModelRegistry(rpc, at("ModelRegistry"))
        self.anchors = clients.Anchors(rpc, at("Anchors"))
        self.revenue = clients.Revenue(rpc, at("Revenue"))
        self.works = clients.Works(rpc, at("Works"))
        self.market = clients.Market(rpc, at("Market"))
        self.validator = clients.TransferValidator(rpc, at("TransferValidator"))
        self.shares = clients.Shares(rpc, at("Shares"))

    def addresses(self) -> dict[str, Address]:
        """Addresses by contract name."""
        return {name: c.address for name, c in self.deployment.contracts.items()}

    @property
    def governed(self) -> tuple[Contract, ...]:
        """The contracts that have a governance to hand over."""
        return (
            self.registry, self.revenue, self.works, self.market, self.validator, self.shares
        )  # fmt: skip


def deploy(
    rpc: Rpc,
    sender: Sender,
    deployer: Wallet,
    plan: Plan,
    folder: Path,
    progress: Callable[[str], None] = lambda _: None,
) -> Contracts:
    """Deploy the firm, wire its contracts, hand them to the timelock, and write the books.

    Called again it goes on where it was; when all is done it only checks.

    Args:
        rpc: the node.
        sender: writes.
        deployer: pays; has no power afterwards.
        plan: what to deploy; the same on every call.
        folder: the firm's state folder (``.medici``).
        progress: told the name of each step as it begins.

    Raises:
        ChainRefused: a step was refused, or power remains where it should not.
        KeyReused: the plan, or this program's contracts, changed in the middle of a deployment.
        BadSettings: no currency on a chain where there is no play money.
    """
    try:
        contracts = Contracts(rpc, load(folder, sender.chain_id))
    except NotDeployed:
        pass
    else:
        check(rpc, contracts.deployment)
        return contracts

    made: dict[str, Deployed] = {}

    def create(name: str, *arguments: object) -> Address:
        progress(name)
        receipt = sender.send(f"deploy/{name}", deployer, creation(name, *arguments))
        assert receipt.created is not None
        made[name] = Deployed(receipt.created, "", receipt.hash, receipt.block)
        return receipt.created

    me = deployer.address
    timelock = create("TimelockController", plan.delay, list(plan.proposers), [ZERO], ZERO)
    if plan.currency is not None:
        currency = plan.currency
        made["Currency"] = Deployed(currency, "", "", 0)
    elif sender.chain_id in (1337, 31337):
        currency = create("TestDollar")
        made["Currency"] = made.pop("TestDollar")
    else:
        raise BadSettings(
            "a firm on a public chain needs a settlement token",
            "set networks.<name>.currency to the address of USDC there",
        )
    registry = create("ModelRegistry", me)
    anchors = create("Anchors", registry)
    revenue = create("Revenue", currency, me, [])
    works = create(
        "Works", me, anchors, revenue, plan.royalty, plan.name, plan.symbol, plan.contract_uri
    )
    market = create("Market", me, revenue, works, plan.guardian)
    validator = create("TransferValidator", me)
    title = f"{plan.name} Shares"
    issue = [a._replace(holder=timelock) if a.holder == TREASURY else a for a in plan.allocations]
    create("Shares", title, plan.symbol, me, currency, issue)
    hashes = code_hashes(rpc, [c.address for c in made.values()])
    deployment = Deployment(
        sender.chain_id,
        {
            name: Deployed(c.address, codehash, c.transaction, c.block)
            for (name, c), codehash in zip(made.items(), hashes, strict=True)
        },
    )
    contracts = Contracts(rpc, deployment)
    wiring: list[tuple[str, Call]] = [
        ("market may deposit", contracts.revenue.set_depositor(market, True)),
        ("works hear of revocations", contracts.registry.set_watcher(works, True)),
        ("works have a guardian", contracts.works.set_guardian(plan.guardian)),
        ("market may move works", contracts.validator.set_operator(market, True)),
        ("royalties bind", contracts.works.set_transfer_validator(validator)),
    ]
    handed = [c.prepare("transferGovernance", timelock) for c in contracts.governed]
    wiring += [(f"hand over {call.contract}", call) for call in handed]
    for step, call in wiring:
        progress(step)
        sender.send(f"deploy/{step}", deployer, call)
    check_handed_over(contracts, me, frozenset(plan.proposers))
    text = json.dumps(deployment.as_json(), indent=1) + "\n"
    atomic_write(path_of(folder, sender.chain_id), text.encode())
    return contracts


def check_handed_over(
    contracts: Contracts, deployer: Address, proposers: frozenset[Address] = frozenset()
) -> None:
    """Nobody but the timelock holds admin power, and the deployer holds none of the timelock's.

    Args:
        contracts: the firm's.
        deployer: who put them there.
        proposers: who may propose to the timelock; the deployer only if it stands among them.

    Raises:
        ChainRefused: power remains somewhere; the message says where.
    """
    timelock = contracts.timelock
    for contract in contracts.governed:
        holder = contract.read("governance")
        if holder != timelock.address:
            raise ChainRefused(f"{contract.name} is governed by {holder}, not by the timelock")
    allowed = {"proposer", "canceller"} if deployer in proposers else set()
    for name, role in TIMELOCK_ROLES.items():
        if name not in allowed and timelock.read("hasRole", role, deployer):
            raise ChainRefused(f"the deployer still is {name} of the timelock")
    if not timelock.read("hasRole", TIMELOCK_ROLES["admin"], timelock.address):
        raise ChainRefused("the timelock does not administrate itself")
