"""Sends transactions so that each happens once, whatever dies in between.

`Sender.send` takes an idempotency key. The signed bytes are journaled before they are broadcast;
the same key again waits for those same bytes, or for their dearer replacement, and never makes a
second transaction. A call that the contracts refuse is found out by simulation and costs nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from eth_hash.auto import keccak

from medici.errors import ChainRefused, NodeRefused, NoFunds, StillPending
from medici.ledger.calls import Call, Receipt
from medici.ledger.journal import Attempt, Intent, Journal, check_same
from medici.ledger.reasons import explain, explain_node
from medici.ledger.recovery import recover

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from medici.ledger.rpc import Rpc
    from medici.records import Address

# What nodes say (geth, anvil, nethermind, erigon, besu), by what it means for us.
_HAVE_IT = ("already known", "already imported", "known transaction", "alreadyknown")
_NONCE_USED = ("nonce too low", "nonce is too low", "old nonce", "oldnonce")
_FEE_LOW = ("underpriced", "less than block base fee", "fee too low", "feetoolow", "fee cap less")


class Wallet(Protocol):
    """Whoever can sign transactions for an account (`accounts.Key`)."""

    @property
    def address(self) -> Address:
        """The account."""

    def sign_transaction(self, fields: Mapping[str, object]) -> bytes:
        """The signed bytes."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a sender waits for what, in seconds.

    Attributes:
        poll: between two looks for a receipt, at first; it grows to ``poll_most``.
        rebroadcast: after which the same bytes are handed to the node again.
        stuck: after which a replacement with higher fees is made.
        foreign: how long a used nonce may stay unexplained before it counts as somebody else's.
        give_up: after which `StillPending` is raised.
    """

    poll: float = 0.001
    poll_most: float = 2.0
    rebroadcast: float = 15.0
    stuck: float = 60.0
    foreign: float = 30.0
    give_up: float = 600.0


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a call would do, found out without sending it.

    Attributes:
        gas: units it would use, at most.
        fee: wei it would cost at today's price.
    """

    call: Call
    sender: Address
    gas: int
    fee: int

    def as_json(self) -> dict[str, Any]:
        """Plain JSON for ``--dry-run``."""
        return self.call.as_json() | {"from": self.sender, "gas": self.gas, "fee": str(self.fee)}


@dataclass(frozen=True, slots=True)
class _Quote:
    gas: int
    base_fee: int
    tip: int
    chain_nonce: int

    @property
    def max_fee(self) -> int:
        return 2 * self.base_fee + self.tip


@dataclass(frozen=True, slots=True)
class _Look:
    """What a node shows of a transaction: ``said`` is its word on taking the bytes."""

    head: dict[str, Any]
    receipt: dict[str, Any] | None
    said: Literal["sent", "nonce-used", "fee-low"] = "sent"

    @property
    def depth(self) -> int:
        """Blocks from the transaction's own to the head, both counted."""
        assert self.receipt is not None
        return int(self.head["number"], 16) - int(self.receipt["blockNumber"], 16) + 1


class Sender:
    """The only way in which the firm writes to a chain.

    Args:
        rpc: the node.
        journal: the firm's journal.
        chain_id: EIP-155 id of the chain behind the node.
        confirmations: blocks, its own included, that a transaction needs to count as done.
        patience: how long to wait for what.
        clock: Unix seconds.
        sleep: waits.
        checkpoint: told the name of each boundary as it is crossed; tests end the process there.
    """

    def __init__(
        self,
        rpc: Rpc,
        journal: Journal,
        chain_id: int,
        *,
        confirmations: int = 1,
        patience: Patience = Patience(),
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        checkpoint: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.rpc = rpc
        self.journal = journal
        self.chain_id = chain_id
        self.confirmations = confirmations
        self.patience = patience
        self._clock = clock
        self._sleep = sleep
        self._checkpoint = checkpoint
        self._handed_over: set[str] = set()

    def send(self, key: str, account: Wallet, call: Call) -> Receipt:
        """Do the call once and wait until the chain has confirmed it.

        Args:
            key: names this one transaction for ever, e.g. ``round/3/settle/<work>``.
            account: who sends and signs.
            call: what to do.

        Raises:
            ChainRefused: the contract says no, decoded; nothing was sent unless it says so.
            NoFunds: the account cannot pay the gas, or the tokens.
            KeyReused: the key stands for another call.
            StillPending: not confirmed in time; the same key goes on waiting.
            NoNode: the node is gone; the same key resumes.
        """
        return self._settle(self._open(key, account, call), account)

    def post(self, key: str, account: Wallet, call: Call) -> str:
        """Like `send`, but does not wait; `send` with the same key does.

        Returns:
            Hash of the transaction as first sent.

        Raises:
            ChainRefused, NoFunds, KeyReused, NoNode: as `send`.
        """
        intent = self._open(key, account, call)
        attempt = self.journal.attempts(intent)[-1]
        if intent.status == "pending":
            self._broadcast(intent, attempt)
        return attempt.hash

    def receipt(self, key: str) -> Receipt | None:
        """What became of a key, from the journal alone; none while it is not confirmed."""
        intent = self.journal.find(self.chain_id, key)
        return _receipt(intent) if intent is not None and intent.status == "mined" else None

    def dry_run(self, sender: Address, call: Call) -> DryRun:
        """Simulate the call; nothing is sent, signed or kept.

        Raises:
            ChainRefused: the contract would say no, decoded.
        """
        quote = self._quote(sender, call)
        return DryRun(call, sender, quote.gas, quote.gas * (quote.base_fee + quote.tip))

    def _open(self, key: str, account: Wallet, call: Call) -> Intent:
        known = self.journal.find(self.chain_id, key)
        if known is not None:
            check_same(known, account.address, call)
            if known.status != "void" or self._look(known).receipt is not None:
                return known
        self._send_earlier(account)
        quote = self._quote(account.address, call)
        if quote.chain_nonce <= self.journal.mined_nonce(self.chain_id, account.address):
            # The chain was put back while we were running, by a restart after a crash.
            recover(self.rpc, self.journal, self.chain_id)
            quote = self._quote(account.address, call)
        self._checkpoint("prepared")

        def sign(nonce: int) -> Attempt:
            return self._sign(account, call, nonce, quote.gas, quote.max_fee, quote.tip)

        intent = self.journal.open(
            self.chain_id, key, account.address, call, quote.gas, quote.chain_nonce, sign
        )
        self._checkpoint("journaled")
        return intent

    def _send_earlier(self, account: Wallet) -> None:
        """A process may have died between journal and node: no nonce before ours stays unused."""
        for intent in self.journal.pending(self.chain_id, account.address):
            attempt = self.journal.attempts(intent)[-1]
            if attempt.hash not in self._handed_over:
                try:
                    self._broadcast(intent, attempt)
                except ChainRefused:
                    continue  # its own caller will hear of it

    def _quote(self, sender: Address, call: Call) -> _Quote:
        request = call.request(sender)
        gas, block, tip, count, balance = self.rpc.batch_outcomes(
            [
                ("eth_estimateGas", (request,)),
                ("eth_getBlockByNumber", ("latest", False)),
                ("eth_maxPriorityFeePerGas", ()),
                ("eth_getTransactionCount", (sender, "pending")),
                ("eth_getBalance", (sender, "latest")),
            ]
        )
        if isinstance(gas, NodeRefused):
            raise self._refusal(gas, request, call)
        for answer in (block, count, balance):
            if isinstance(answer, NodeRefused):
                raise answer
        base_fee = int(block.get("baseFeePerGas", "0x0"), 16)
        quote = _Quote(
            # A quarter more than estimated: state may move between the look and the block.
            gas=min(int(gas, 16) * 5 // 4, int(block["gasLimit"], 16)),
            base_fee=base_fee,
            tip=10**9 if isinstance(tip, NodeRefused) else int(tip, 16),
            chain_nonce=int(count, 16),
        )
        need = quote.gas * quote.max_fee + call.value
        if int(balance, 16) < need:
            raise NoFunds(
                f"account {sender} holds {int(balance, 16) / 10**18:.6f} of the chain's coin; "
                f"{call.label} may need {need / 10**18:.6f} for gas",
                "send it some coin to pay gas with",
                reason="gas",
            )
        return quote

    def _refusal(self, error: NodeRefused, request: dict[str, str], call: Call) -> ChainRefused:
        """The decoded reason; nodes that estimate without giving it are asked to simulate."""
        if not error.data and "revert" in error.message.lower():
            try:
                self.rpc.call("eth_call", request, "latest")
            except NodeRefused as simulated:
                error = simulated
        return explain(error.data, call) if error.data else explain_node(error, call)

    def _sign(
        self, account: Wallet, call: Call, nonce: int, gas: int, max_fee: int, tip: int
    ) -> Attempt:
        fields: dict[str, object] = {
            "type": 2,
            "chainId": self.chain_id,
            "nonce": nonce,
            "value": call.value,
            "data": call.data,
            "gas": gas,
            "maxFeePerGas": max_fee,
            "maxPriorityFeePerGas": min(tip, max_fee),
        }
        if call.to is not None:
            fields["to"] = call.to
        raw = account.sign_transaction(fields)
        return Attempt("0x" + keccak(raw).hex(), nonce, raw, max_fee, tip, self._clock())

    def _broadcast(self, intent: Intent, attempt: Attempt) -> _Look:
        """Hand the bytes to the node, and look in the same exchange what became of them.

        Raises:
            ChainRefused: the node will never take them. The nonce is free again, unless later
                transactions build on it; then the same key tries again.
        """
        raw = "0x" + attempt.raw.hex()
        answer, *rest = self.rpc.batch_outcomes(
            [("eth_sendRawTransaction", (raw,)), *self._questions(intent)]
        )
        look = self._answers(rest)
        if isinstance(answer, NodeRefused):
            said = answer.message.lower()
            if any(text in said for text in _NONCE_USED):
                return replace(look, said="nonce-used")
            if any(text in said for text in _FEE_LOW):
                return replace(look, said="fee-low")
            if not any(text in said for text in _HAVE_IT):
                self.journal.void(intent)
                raise explain_node(answer, intent.label)
        self._handed_over.add(attempt.hash)
        self._checkpoint("broadcast")
        return look

    def _look(self, intent: Intent) -> _Look:
        """What became of an intent, whichever attempt of it was mined."""
        return self._answers(self.rpc.batch_outcomes(self._questions(intent)))

    def _questions(self, intent: Intent) -> list[tuple[str, tuple[object, ...]]]:
        hashes = [attempt.hash for attempt in self.journal.attempts(intent)]
        receipts = [("eth_getTransactionReceipt", (each,)) for each in hashes]
        return [("eth_getBlockByNumber", ("latest", False)), *receipts]

    @staticmethod
    def _answers(answers: list[Any]) -> _Look:
        for answer in answers:
            if isinstance(answer, NodeRefused):
                raise answer
        head, *receipts = answers
        mined = [dict(r) for r in receipts if r is not None and r.get("blockNumber")]
        return _Look(head, mined[0] if mined else None)

    def _settle(self, intent: Intent, account: Wallet) -> Receipt:
        """Broadcast, wait, replace, until the chain has confirmed or refused."""
        if intent.status == "mined":
            return _outcome(intent)
        patience, started, pause = self.patience, self._clock(), self.patience.poll
        handed_over = self.journal.attempts(intent)[-1].hash in self._handed_over
        due = started + patience.rebroadcast if handed_over else started
        unexplained: float | None = None
        while True:
            now, attempt = self._clock(), self.journal.attempts(intent)[-1]
            if now >= due:
                look = self._broadcast(intent, attempt)
                due = now + patience.rebroadcast
            else:
                look = self._look(intent)
            if look.receipt is not None:
                if look.depth >= self.confirmations:
                    return self._finish(intent, look.receipt, look.head)
            elif look.said == "nonce-used":
                # Ours, and the node is slow to show it; or somebody else signs with this key.
                unexplained, due = unexplained or now, now
                if now - unexplained >= patience.foreign:
                    intent, unexplained = self._renew(intent, account), None
            elif look.said == "fee-low" or now - attempt.created >= patience.stuck:
                self._replace(intent, attempt, account)
                due = now
            if now - started >= patience.give_up:
                raise StillPending(
                    f"{intent.label} was sent as {attempt.hash} and is not confirmed after "
                    f"{patience.give_up:.0f} s",
                    "run the same command again to go on waiting",
                )
            self._sleep(pause)
            pause = min(pause * 1.5, patience.poll_most)

    def _renew(self, intent: Intent, account: Wallet) -> Intent:
        call, quote = self._again(intent)

        def sign(nonce: int) -> Attempt:
            return self._sign(account, call, nonce, intent.gas, quote.max_fee, quote.tip)

        return self.journal.resign(intent, quote.chain_nonce, sign)

    def _replace(self, intent: Intent, attempt: Attempt, account: Wallet) -> None:
        """The same call under the same nonce at a higher fee; nodes ask for a tenth more."""
        call, quote = self._again(intent)
        tip = max(attempt.tip * 5 // 4 + 1, quote.tip)
        max_fee = max(attempt.max_fee * 5 // 4 + 1, quote.max_fee, tip)
        dearer = self._sign(account, call, intent.nonce, intent.gas, max_fee, tip)
        self.journal.add_attempt(intent, dearer)

    def _again(self, intent: Intent) -> tuple[Call, _Quote]:
        call = Call(intent.to, intent.data, intent.value, function=intent.label)
        block, tip, count = self.rpc.batch_outcomes(
            [
                ("eth_getBlockByNumber", ("latest", False)),
                ("eth_maxPriorityFeePerGas", ()),
                ("eth_getTransactionCount", (intent.account, "latest")),
            ]
        )
        for answer in (block, count):
            if isinstance(answer, NodeRefused):
                raise answer
        return call, _Quote(
            gas=intent.gas,
            base_fee=int(block.get("baseFeePerGas", "0x0"), 16),
            tip=10**9 if isinstance(tip, NodeRefused) else int(tip, 16),
            chain_nonce=int(count, 16),
        )

    def _finish(self, intent: Intent, found: dict[str, Any], head: dict[str, Any]) -> Receipt:
        self._checkpoint("received")
        block = head
        if head["hash"] != found["blockHash"]:
            block = self.rpc.call("eth_getBlockByHash", found["blockHash"], False)
        refusal = None
        if int(found["status"], 16) == 0:
            refusal = self._why_reverted(intent, found)
        self.journal.record(intent, found, int(block["timestamp"], 16), refusal)
        self._checkpoint("recorded")
        done = replace(
            intent,
            status="mined",
            receipt=found,
            block_time=int(block["timestamp"], 16),
            refusal=refusal,
        )
        return _outcome(done)

    def _why_reverted(self, intent: Intent, found: dict[str, Any]) -> dict[str, Any]:
        """Simulate on the block before: the state the transaction met, but for its neighbours."""
        call = Call(intent.to, intent.data, intent.value, function=intent.label)
        request = call.request(intent.account)
        reason = ChainRefused(f"{intent.label} was reverted, and a repeat does not say why")
        try:
            self.rpc.call("eth_call", request, hex(int(found["blockNumber"], 16) - 1))
        except NodeRefused as error:
            reason = explain(error.data, call) if error.data else explain_node(error, call)
        return {
            "message": f"{reason.message} (transaction {found['transactionHash']} was reverted)",
            "hint": reason.hint,
            "code": reason.code,
            "reason": reason.reason,
            "arguments": dict(reason.arguments),
        }


def _receipt(intent: Intent) -> Receipt:
    assert intent.receipt is not None
    assert intent.block_time is not None
    return Receipt.from_rpc(intent.receipt, intent.block_time)


def _outcome(intent: Intent) -> Receipt:
    if intent.refusal is not None:
        refusal = intent.refusal
        raise ChainRefused(
            refusal["message"],
            refusal["hint"],
            code=refusal["code"],
            reason=refusal["reason"],
            arguments=refusal["arguments"],
        )
    return _receipt(intent)
