"""The firm's books about its contracts: which stand where on a chain, and that they still do.

Kept in ``deployments/<chain id>.json``. Light to import: verifying a file needs no more of a
deployment than this.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eth_hash.auto import keccak

from medici.errors import NotDeployed, StateFromOtherVersion, UnreadableFile
from medici.records import Address

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from medici.ledger.rpc import Rpc

SCHEMA = "medici/deployment/1"


@dataclass(frozen=True, slots=True)
class Deployed:
    """One contract as it stands on the chain.

    Attributes:
        codehash: Keccak-256 of its code there, ``0x…``.
        transaction: that created it; empty for a currency that was there before.
        block: of that transaction.
    """

    address: Address
    codehash: str
    transaction: str
    block: int


@dataclass(frozen=True, slots=True)
class Deployment:
    """A firm's contracts on one chain.

    Attributes:
        contracts: by name; ``Currency`` is the settlement token.
        block: the first block of the firm, where reading its history begins.
    """

    chain_id: int
    contracts: Mapping[str, Deployed] = field(default_factory=dict)

    @property
    def block(self) -> int:
        """The first block of the firm, where reading its history begins."""
        return min((c.block for c in self.contracts.values() if c.transaction), default=0)

    def address(self, name: str) -> Address:
        """Where a contract is."""
        return self.contracts[name].address

    def as_json(self) -> dict[str, Any]:
        """The deployments file; plain JSON, read back by `load`."""
        return {
            "schema": SCHEMA,
            "chain_id": self.chain_id,
            "contracts": {
                name: {
                    "address": c.address,
                    "codehash": c.codehash,
                    "transaction": c.transaction,
                    "block": c.block,
                }
                for name, c in self.contracts.items()
            },
        }


def path_of(folder: Path, chain_id: int) -> Path:
    """The deployments file of a chain.

    Args:
        folder: the firm's state folder (``.medici``).
        chain_id: EIP-155 id.
    """
    return folder / "deployments" / f"{chain_id}.json"


def load(folder: Path, chain_id: int) -> Deployment:
    """What the firm has on this chain, by its own books.

    Raises:
        NotDeployed: nothing yet.
        StateFromOtherVersion: another version wrote the file.
        UnreadableFile: the file is damaged.
    """
    path = path_of(folder, chain_id)
    try:
        data = json.loads(path.read_bytes())
        if data["schema"] != SCHEMA:
            raise StateFromOtherVersion(f"{path} has schema {data['schema']!r}, not {SCHEMA}")
        contracts = {
            str(name): Deployed(
                Address(c["address"]), str(c["codehash"]), str(c["transaction"]), int(c["block"])
            )
            for name, c in data["contracts"].items()
        }
        return Deployment(int(data["chain_id"]), contracts)
    except FileNotFoundError:
        raise NotDeployed(
            f"the firm has no contracts on chain {chain_id} yet", "medici deploy puts them there"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableFile(f"{path} is damaged: {error}") from error


def code_hashes(rpc: Rpc, addresses: list[Address]) -> list[str]:
    """Keccak-256 of the code at each address, ``0x…``; empty where there is none."""
    codes = rpc.batch([("eth_getCode", (address, "latest")) for address in addresses])
    return ["0x" + keccak(bytes.fromhex(c[2:])).hex() if len(c) > 2 else "" for c in codes]


def check(rpc: Rpc, deployment: Deployment) -> None:
    """The chain holds what the books say.

    Raises:
        NotDeployed: a contract is missing there, or is another.
    """
    names = list(deployment.contracts)
    found = code_hashes(rpc, [deployment.address(name) for name in names])
    for name, codehash in zip(names, found, strict=True):
        if codehash != deployment.contracts[name].codehash:
            what = "another contract" if codehash else "nothing"
            raise NotDeployed(
                f"{name} should stand at {deployment.address(name)}, but {what} is there",
                "is this the right chain? A chain that was thrown away takes its firm with it",
            )
