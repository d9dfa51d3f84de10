"""A firm's chain in one hand: the node, the firm's contracts there, and the sender that writes.

What the rooms above work with. Reading needs no key; sending takes an idempotency key and a wallet.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from medici.errors import ChainRefused
from medici.ledger.calls import Receipt
from medici.ledger.clients.structs import Attestation as AttestationStruct
from medici.ledger.node import advance_to, chain_time, is_local
from medici.records import Address, Money, WorkId

if TYPE_CHECKING:
    from medici.ledger.accounts import Key
    from medici.ledger.calls import Call
    from medici.ledger.deploy import Contracts
    from medici.ledger.rpc import Rpc
    from medici.ledger.sender import Sender
    from medici.records import Attestation


@dataclass
class Chain:
    """One chain with the firm's contracts on it.

    Attributes:
        rpc: the node.
        sender: the only way to write.
        contracts: typed clients at the firm's addresses.
        chain_id: EIP-155 id.
    """

    rpc: Rpc
    sender: Sender
    contracts: Contracts
    chain_id: int

    @property
    def url(self) -> str:
        """Where the node is, without secrets."""
        return self.rpc.shown_url

    @cached_property
    def decimals(self) -> int:
        """Decimals of the settlement token."""
        return self.contracts.currency.decimals()

    def money(self, units: int) -> Money:
        """An amount of the settlement token."""
        return Money(int(units), self.decimals)

    def send(self, key: str, account: Key, call: Call) -> Receipt:
        """Do the call once; see `Sender.send`."""
        return self.sender.send(key, account, call)

    def dry_run(self, account: Key, call: Call) -> dict[str, Any]:
        """What the call would do, as plain JSON."""
        return self.sender.dry_run(account.address, call).as_json()

    def receipt(self, transaction: str) -> Receipt:
        """The receipt of any transaction on this chain."""
        raw = self.rpc.call("eth_getTransactionReceipt", transaction)
        block = self.rpc.call("eth_getBlockByNumber", raw["blockNumber"], False)
        return Receipt.from_rpc(raw, int(block["timestamp"], 16))

    def nonce(self, account: Address) -> int:
        """How many transactions the account has sent."""
        return int(self.rpc.call("eth_getTransactionCount", account, "latest"), 16)

    def now(self) -> int:
        """Time of the latest block, Unix seconds."""
        return chain_time(self.rpc)

    def wait_until(self, timestamp: int) -> None:
        """Until the chain's clock has passed this second; a local chain's clock is moved."""
        if is_local(self.rpc):
            advance_to(self.rpc, timestamp)
            return
        while self.now() < timestamp:
            time.sleep(min(15.0, max(1.0, timestamp - time.time())))

    def was_minted(self, work: WorkId) -> bool:
        """Whether the work was minted at any time, burnt or not."""
        return self.contracts.works.was_minted(work.token_id)

    def owner_of(self, work: WorkId) -> Address | None:
        """Who owns the work; None while it is not minted, or when it was burnt."""
        try:
            return self.contracts.works.owner_of(work.token_id)
        except ChainRefused:
            return None

    def token_uri(self, work: WorkId) -> str:
        """The work's name across chains. Source: CAIP-19."""
        return f"eip155:{self.chain_id}/erc721:{self.contracts.works.address}/{work.prefixed}"


def attestation_struct(attestation: Attestation) -> AttestationStruct:
    """The attestation as the contracts take it."""
    return AttestationStruct(
        attestation.work.token_id,
        attestation.record,
        attestation.model,
        attestation.metadata,
        attestation.split,
        attestation.parents_digest,
        attestation.creator,
    )
