"""A small firm on the test chain: deployed, one authorised model, one work minted or attested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medici.ledger import deploy
from medici.ledger.accounts import Key
from medici.ledger.clients.structs import Allocation, Attestation, Model, Recipient
from medici.ledger.node import fund
from medici.ledger.timelock import govern
from medici.records import ZERO_DIGEST, Digest, ModelId, WorkId, shares

if TYPE_CHECKING:
    from pathlib import Path

    from medici.ledger.calls import Receipt
    from medici.ledger.rpc import Rpc
    from medici.ledger.sender import Sender

WHOLE_SHARE = 10**18
MODEL = ModelId.of(b"model one")


def plan(artist: Key) -> deploy.Plan:
    """A firm whose artist holds all shares and proposes to the timelock."""
    return deploy.Plan(
        name="Bottega",
        symbol="BOT",
        contract_uri="ipfs://collection",
        royalty=750,
        proposers=(artist.address,),
        guardian=Key(b"\5" * 32).address,
        allocations=(Allocation(artist.address, 1000 * WHOLE_SHARE, 0, 0, 0, False),),
    )


def model_details(signer: Key) -> Model:
    """What is proposed to the registry."""
    return Model(
        id_=MODEL,
        predecessor=ZERO_DIGEST,
        signer=signer.address,
        weights_digest=Digest.of(b"weights"),
        data_root=Digest.of(b"data"),
        record_digest=Digest.of(b"record"),
        bias_report_digest=Digest.of(b"bias"),
        certificate_key_digest=Digest.of(b"certificate"),
        data_licence="CC0-1.0",
    )


@dataclass
class SmallFirm:
    """The firm and who acts for it."""

    rpc: Rpc
    sender: Sender
    contracts: deploy.Contracts
    artist: Key
    model: Key
    split: Digest

    @classmethod
    def founded(cls, rpc: Rpc, sender: Sender, artist: Key, folder: Path) -> SmallFirm:
        """Deploy it, authorise its model, create its split."""
        deployer, model = Key.generate(), Key.generate()
        fund(rpc, [deployer.address])
        contracts = deploy.deploy(rpc, sender, deployer, plan(artist), folder)
        details = model_details(model)
        sender.send("propose", artist, contracts.registry.propose(details))
        authorise = contracts.registry.authorise(details)
        govern(sender, contracts.timelock, "authorise", artist, authorise)
        split = shares([(artist.address, 10_000)])
        recipients = [Recipient(Digest(r.word.hex()), int(r.bps)) for r in split.recipients]
        sender.send("split", artist, contracts.revenue.create_split(recipients))
        return cls(rpc, sender, contracts, artist, model, split.id)

    def attest(self, name: str) -> Attestation:
        """The model's word on a work."""
        return Attestation(
            WorkId.of(name.encode()).token_id,
            Digest.of(b"record " + name.encode()),
            MODEL,
            Digest.of(b"metadata " + name.encode()),
            self.split,
            ZERO_DIGEST,
            self.artist.address,
        )

    def mint(self, name: str) -> Receipt:
        """Mint a work to the artist."""
        attestation = self.attest(name)
        digest = self.contracts.works.attestation_digest(attestation)
        signature = self.model.sign_digest(digest.raw)
        call = self.contracts.works.mint(attestation, [], self.artist.address, signature)
        return self.sender.send(f"mint {name}", self.artist, call)

    def anchor(self, root: Digest, count: int = 1) -> Receipt:
        """Anchor a batch of the model."""
        digest = self.contracts.anchors.batch_digest(MODEL, root, count)
        call = self.contracts.anchors.anchor(MODEL, root, count, self.model.sign_digest(digest.raw))
        return self.sender.send(f"anchor {root}", self.artist, call)
