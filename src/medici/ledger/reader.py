"""What a verifier asks of a chain, with as little weight as possible: no codec, no signing library.

Every answer here is made of 32-byte words, which are cut by hand; verifying one file then costs an
HTTP client and nothing more. The provenance room's ``Register`` is built from these answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from eth_hash.auto import keccak

from medici.errors import NodeRefused, NotDeployed
from medici.records import Address, Digest, ModelId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medici.ledger.rpc import Rpc
    from medici.records import WorkId

State = Literal["proposed", "authorised", "retired", "revoked"]
_STATES: tuple[State, ...] = ("proposed", "authorised", "retired", "revoked")
_TRANSFER = keccak(b"Transfer(address,address,uint256)")
_COMMIT = keccak(b"Commit(address,string,string)")
_ZERO = Address("0x" + "0" * 40)


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model as `ModelRegistry` has it; times are Unix seconds, 0 where there is none.

    A model that was never authorised has a state and nothing else.
    """

    id: ModelId
    state: State
    signer: Address
    weights_sha256: Digest
    data_root: Digest
    record: Digest
    bias_report: Digest
    certificate_key: Digest
    authorised_from: int
    authorised_until: int


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """A minted work as `Works` has it.

    Attributes:
        owner: none when it was burnt.
        minted_at: Unix seconds.
        split: number of its split in `Revenue`.
    """

    model: ModelId
    owner: Address | None
    minted_at: int
    metadata: Digest
    split: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """A work changed hands; `sender` is none at its mint, `receiver` none when it was burnt."""

    sender: Address | None
    receiver: Address | None
    time: int
    transaction: str


class Reader:
    """Reads a firm's proofs from a chain.

    Args:
        rpc: any node of that chain.
        works: the firm's `Works`; its other contracts are found through it.

    Raises:
        NotDeployed: no `Works` stands there.
    """

    def __init__(self, rpc: Rpc, works: Address) -> None:
        self.rpc = rpc
        self.works = works
        try:
            registry, anchors = self._ask([(works, "registry()", []), (works, "anchors()", [])])
        except NodeRefused:
            registry = anchors = []
        if not (registry and anchors):
            raise NotDeployed(f"no Works stands at {works} on this chain")
        self.registry = Address.from_raw(registry[0])
        self.anchors = Address.from_raw(anchors[0])

    @property
    def chain_id(self) -> int:
        """EIP-155 id of the chain behind the node."""
        return int(self.rpc.call("eth_chainId"), 16)

    def name(self) -> str:
        """The collection's name."""
        return self._text(self.works, "name()", [])

    def model(self, model: ModelId) -> ModelFacts | None:
        """A model by its id; none when the registry never heard of it."""
        state, span = self._ask(
            [
                (self.registry, "stateOf(bytes32)", [model.raw]),
                (self.registry, "spanOf(bytes32)", [model.raw]),
            ]
        )
        number = int.from_bytes(state[0])
        if number == 0:
            return None
        kind = _STATES[number - 1]
        if kind == "proposed":
            nothing = Digest("0" * 64)
            return ModelFacts(model, kind, _ZERO, *(nothing,) * 5, 0, 0)
        (words,) = self._ask([(self.registry, "modelOf(bytes32)", [model.raw])])
        details = words[1:]  # behind the offset of a struct that holds a text
        return ModelFacts(
            id=model,
            state=kind,
            signer=Address.from_raw(details[2]),
            weights_sha256=Digest(details[3].hex()),
            data_root=Digest(details[4].hex()),
            record=Digest(details[5].hex()),
            bias_report=Digest(details[6].hex()),
            certificate_key=Digest(details[7].hex()),
            authorised_from=int.from_bytes(span[0]),
            authorised_until=int.from_bytes(span[1]),
        )

    def model_of_signer(self, signer: Address) -> ModelId | None:
        """The model for which an account signs."""
        word = signer.raw.rjust(32, b"\0")
        (words,) = self._ask([(self.registry, "modelOfSigner(address)", [word])])
        return ModelId(words[0].hex()) if any(words[0]) else None

    def anchored_at(self, model: ModelId, root: Digest) -> int | None:
        """When the model anchored the root, Unix seconds; none if it did not."""
        (words,) = self._ask([(self.anchors, "anchoredAt(bytes32,bytes32)", [model.raw, root.raw])])
        return int.from_bytes(words[0]) or None

    def anchor_transaction(self, root: Digest) -> str:
        """The transaction that first anchored a root; empty when the node keeps no such log."""
        cid = self._text(self.anchors, "cidOf(bytes32)", [root.raw])
        topics = ["0x" + _COMMIT.hex(), None, "0x" + keccak(cid.encode()).hex()]
        entries = self._logs(self.anchors, topics)
        return str(entries[0]["transactionHash"]) if entries else ""

    def token(self, work: WorkId) -> TokenFacts | None:
        """A minted work, burnt or not; none when it was never minted."""
        (minted,) = self._ask([(self.works, "wasMinted(uint256)", [work.raw])])
        if not any(minted[0]):
            return None
        (words,) = self._ask([(self.works, "provenanceOf(uint256)", [work.raw])])
        owner = None
        if not any(words[4]):
            (holder,) = self._ask([(self.works, "ownerOf(uint256)", [work.raw])])
            owner = Address.from_raw(holder[0])
        return TokenFacts(
            model=ModelId(words[0].hex()),
            owner=owner,
            minted_at=int.from_bytes(words[1]),
            metadata=Digest(words[3].hex()),
            split=int.from_bytes(words[2]),
        )

    def transfers(self, work: WorkId) -> list[Transfer]:
        """How a work changed hands, its mint first; empty when the node keeps no such log."""
        entries = self._logs(
            self.works, ["0x" + _TRANSFER.hex(), None, None, "0x" + work.raw.hex()]
        )
        blocks = sorted({entry["blockNumber"] for entry in entries})
        answers = self.rpc.batch([("eth_getBlockByNumber", (block, False)) for block in blocks])
        times = {b: int(a["timestamp"], 16) for b, a in zip(blocks, answers, strict=True)}

        def party(topic: str) -> Address | None:
            account = Address.from_raw(bytes.fromhex(topic[2:]))
            return None if account == _ZERO else account

        return [
            Transfer(
                party(entry["topics"][1]),
                party(entry["topics"][2]),
                times[entry["blockNumber"]],
                str(entry["transactionHash"]),
            )
            for entry in entries
        ]

    def transaction_time(self, transaction: str) -> int | None:
        """When a transaction was taken in, Unix seconds; none if the chain does not know it."""
        receipt = self.rpc.call("eth_getTransactionReceipt", transaction)
        if receipt is None or not receipt.get("blockNumber"):
            return None
        block = self.rpc.call("eth_getBlockByNumber", receipt["blockNumber"], False)
        return int(block["timestamp"], 16)

    def _ask(self, questions: Sequence[tuple[Address, str, Sequence[bytes]]]) -> list[list[bytes]]:
        """The 32-byte words of each answer, in one exchange."""
        answers = self.rpc.batch(
            [("eth_call", (_question(*question), "latest")) for question in questions]
        )
        raws = [bytes.fromhex(answer[2:]) for answer in answers]
        return [[raw[at : at + 32] for at in range(0, len(raw), 32)] for raw in raws]

    def _text(self, contract: Address, function: str, words: Sequence[bytes]) -> str:
        (answer,) = self._ask([(contract, function, words)])
        length = int.from_bytes(answer[1])
        return b"".join(answer[2:])[:length].decode("utf-8", "replace")

    def _logs(self, contract: Address, topics: Sequence[str | None]) -> list[dict[str, str]]:
        question = {"address": contract, "topics": topics, "fromBlock": "0x0", "toBlock": "latest"}
        try:
            return list(self.rpc.call("eth_getLogs", question))
        except NodeRefused:  # the range is too wide for this provider: history is not its trade
            return []


def _question(contract: Address, function: str, words: Sequence[bytes]) -> dict[str, str]:
    data = keccak(function.encode())[:4] + b"".join(words)
    return {"to": contract, "data": "0x" + data.hex()}
