"""A firm on a real chain, with works sold, unsold and under the hammer, by the rooms themselves."""

import contextlib
import time

from tests.web.build import MODEL, add_work

from medici.governance import dividends
from medici.ledger import deploy
from medici.ledger.accounts import Key
from medici.ledger.chain import Chain
from medici.ledger.clients.structs import Allocation, Model, Recipient
from medici.ledger.journal import Journal
from medici.ledger.networks import connect, local_node
from medici.ledger.node import fund
from medici.ledger.sender import Sender
from medici.ledger.timelock import govern
from medici.market import auctions, earnings
from medici.provenance import anchor, signing
from medici.records import ZERO_DIGEST, Attestation, Digest, Money, shares

SIGNER = f"model-{MODEL[:12]}"
ROLES = ("artist", "deployer", "guardian", SIGNER)


@contextlib.contextmanager
def standing(firm):
    """The firm's own local chain, up for the length of a ``with``, its contracts deployed."""
    state = firm.settings.state
    with local_node(firm.network, state).tied(), connect(firm.network, state) as rpc:
        journal = Journal(state / "journal.sqlite", time.time)
        try:
            sender = Sender(rpc, journal, 31337)
            yield settle_in(firm, rpc, sender)
        finally:
            journal.close()


def settle_in(firm, rpc, sender):
    accounts = {role: firm.keyring.ensure(role) for role in ROLES}
    fund(rpc, list(accounts.values()))
    whole = 10**18
    plan = deploy.Plan(
        name="Casa Test",
        symbol="CASA",
        contract_uri="",
        royalty=750,
        proposers=(accounts["artist"],),
        guardian=accounts["guardian"],
        allocations=(
            Allocation(accounts["artist"], 600_000 * whole, 0, 0, 0, False),
            Allocation(deploy.TREASURY, 400_000 * whole, 0, 0, 0, False),
        ),
    )
    contracts = deploy.deploy(rpc, sender, firm.key("deployer"), plan, firm.settings.state)
    chain = Chain(rpc, sender, contracts, 31337)
    model = Model(
        id_=MODEL,
        predecessor=ZERO_DIGEST,
        signer=accounts[SIGNER],
        weights_digest=Digest.of(b"weights"),
        data_root=Digest.of(b"data"),
        record_digest=Digest.of(b"record"),
        bias_report_digest=Digest.of(b"bias"),
        certificate_key_digest=Digest.of(b"certificate"),
        data_licence="CC0-1.0",
    )
    artist = firm.key("artist")
    chain.send("propose", artist, contracts.registry.propose(model))
    authorise = contracts.registry.authorise(model)
    govern(sender, contracts.timelock, "authorise", artist, authorise)
    return chain


class Market:
    """The firm's dealings, in sentences."""

    def __init__(self, firm, chain, seeds):
        self.firm, self.chain, self.artist = firm, chain, firm.key("artist")
        split = shares(
            [
                (self.artist.address, 5000),
                (chain.contracts.shares.inbox(), 3000),
                (chain.contracts.timelock.address, 2000),
            ]
        )
        recipients = [Recipient(Digest(r.word.hex()), r.bps) for r in split.recipients]
        chain.send("split", self.artist, chain.contracts.revenue.create_split(recipients))
        self.entries = [self._anchored(seed, split.id) for seed in seeds]
        self._anchor()
        self.people = {}

    def _anchored(self, seed, split):
        entry = add_work(self.firm, seed, stage="certified")
        attestation = Attestation(
            work=entry.id,
            record=entry.record.digest,
            model=MODEL,
            metadata=Digest.of(b"metadata"),
            split=split,
            parents=(),
            creator=self.artist.address,
        )
        return self.firm.catalogue.put(entry.with_(attestation=attestation.as_json()))

    def _anchor(self):
        batch = anchor.AnchorBatch(MODEL, tuple(e.attested for e in self.entries))
        anchors = self.chain.contracts.anchors
        domain = signing.anchors_domain(31337, anchors.address)
        word = signing.sign(self.firm.key(SIGNER), domain, batch.claim)
        call = anchors.anchor(MODEL, batch.tree.root, len(self.entries), word)
        receipt = self.chain.send("anchor", self.artist, call)
        self.entries = [
            self.firm.catalogue.put(
                e.with_(
                    anchor={
                        "root": batch.tree.root,
                        "proof": list(batch.tree.proof(e.attested.leaf)),
                        "tx": receipt.hash,
                        "time": "2026-11-23T10:05:00Z",
                    }
                )
            )
            for e in self.entries
        ]

    def person(self, name):
        """A simulated collector with money and an allowance."""
        if name not in self.people:
            key = self.people[name] = Key.generate()
            fund(self.chain.rpc, [key.address])
            mint = self.chain.contracts.currency.mint(key.address, 10**10)
            self.chain.send(f"mint/{name}", self.artist, mint)
            auctions.allow_money(self.chain, f"allow/{name}", key)
        return self.people[name]

    def offer(self, entry, bids=(), settle=True, seller=None):
        """Auction a work; bids are (name, amount) in order."""
        conditions = auctions.terms(self.firm.settings.auction, 6)
        label = f"{entry.id[:8]}/{len(self.people)}/{seller}"
        if seller is None:
            auctions.approve_market(self.chain, "approve/artist", self.artist)
            lazy = auctions.LazyWork(entry.attested, *entry.proof)
            call, by = auctions.open_lazy_call(self.chain, lazy, conditions), self.artist
        else:
            by = self.person(seller)
            auctions.approve_market(self.chain, f"approve/{seller}", by)
            call = auctions.open_call(self.chain, entry.id, conditions)
        number = auctions.opened(self.chain, self.chain.send(f"open/{label}", by, call))
        for place, (name, amount) in enumerate(bids):
            bid = auctions.bid_call(self.chain, number, Money.parse(amount))
            self.chain.send(f"bid/{label}/{place}", self.person(name), bid)
        if settle:
            self.chain.wait_until(auctions.lot(self.chain, number).end)
            auctions.settle(self.chain, f"settle/{label}", self.artist, number)
        return number

    def pay(self):
        earnings.withdraw(self.chain, "pay", self.artist, [self.artist.address])
        dividends.distribute(self.chain, "dividends", self.artist)
