"""The front desk: joins what the catalogue and the chain know into answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from medici.errors import MediciError
from medici.provenance import prints
from medici.provenance.acoustic import AcousticPrint
from medici.records import Cid, Digest, WorkId
from medici.web import answers
from medici.web.facts import Reader
from medici.web.people import People, without
from medici.web.shelf import Shelf
from medici.web.watch import Seen, Watch

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from medici.firm.catalogue import Entry
    from medici.firm.house import Firm
    from medici.ledger.chain import Chain
    from medici.records import Money
    from medici.web.facts import Facts, Lot


def rfc3339(seconds: float) -> str:
    """The second in UTC: ``2026-11-22T10:00:00Z``."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class NoSuchWork(MediciError):
    """No work of this firm has that id."""

    code = "not-found"


class Desk:
    """Answers every question a page or the API asks.

    Args:
        firm: whose.
        open_chain: connects to the chain; raises a `MediciError` when it is down.
    """

    def __init__(self, firm: Firm, open_chain: Callable[[], AbstractContextManager[Chain]]) -> None:
        self.house = firm
        self._shelf = Shelf(firm.catalogue)
        self._reader = Reader()
        self._open_chain = open_chain
        self._watch: Watch[Facts] = Watch(self._facts)
        self._metadata = lru_cache(maxsize=4096)(self._read_metadata)

    def begin(self) -> None:
        """Start reading the chain, so that the first visitor need not wait for it."""
        self._watch.begin()

    def _facts(self) -> Facts:
        with self._open_chain() as chain:
            return self._reader.read(chain)

    # ------------------------------------------------------------------ the firm

    def firm(self) -> answers.FirmAnswer:
        """Who the firm is and how far its works came."""
        hung, seen = self._shelf.now(), self._watch.now()
        facts = seen.value
        stages = [self._stage(entry, facts) for entry in hung.works.values()]
        minted = stages.count("minted")
        anchored = stages.count("anchored") + minted
        settings = self.house.settings
        return answers.FirmAnswer(
            name=settings.firm.name,
            symbol=settings.firm.symbol,
            description=settings.firm.description,
            royalty_bps=settings.money.royalty,
            chain=self._chain(seen),
            contracts=dict(facts.contracts) if facts else {},
            works=answers.WorkCounts(
                total=len(stages),
                certified=anchored + stages.count("certified"),
                anchored=anchored,
                minted=minted,
            ),
            rounds=sorted({entry.round for entry in hung.works.values()}),
            unreadable=[self.public(text) for text in hung.unreadable],
        )

    def public(self, text: str) -> str:
        """A message without where on this machine the firm is kept."""
        return without(str(self.house.folder), text)

    def _chain(self, seen: Seen[Facts]) -> answers.ChainState:
        network = self.house.network
        return answers.ChainState(
            network=network.name,
            id=seen.value.chain_id if seen.value else network.chain_id,
            state=seen.state,
            read_at=rfc3339(seen.at) if seen.at else None,
            reason=self.public(seen.error.message) if seen.error else "",
            simulated=network.kept,
        )

    # ------------------------------------------------------------------ works

    def works(self, round_: int | None, offset: int, limit: int) -> answers.WorksAnswer:
        """A page of works, newest round first."""
        hung, facts = self._shelf.now(), self._watch.now().value
        people = People(self.house, facts)
        chosen = [e for e in hung.works.values() if round_ in (None, e.round)]
        return answers.WorksAnswer(
            total=len(chosen),
            offset=offset,
            limit=limit,
            works=[
                answers.WorkSummary(**self._summary(entry, facts, people))
                for entry in chosen[offset : offset + limit]
            ],
        )

    def entry(self, work: str) -> Entry:
        """The catalogue's entry.

        Raises:
            NoSuchWork: it is none of this firm's.
        """
        found = self._shelf.now().works.get(WorkId(work))
        if found is None:
            raise NoSuchWork(f"no work {work[:12]}… in this gallery", "the first page lists all")
        return found

    def work(self, work: str) -> answers.WorkAnswer:
        """A work with its whole proof.

        Raises:
            NoSuchWork: it is none of this firm's.
        """
        entry, facts = self.entry(work), self._watch.now().value
        people, record = People(self.house, facts), entry.record
        metadata = self._metadata(entry.metadata) if entry.metadata else {}
        lots = facts.lots.get(entry.id, ()) if facts else ()
        return answers.WorkAnswer(
            **self._summary(entry, facts, people),
            style=dict(record.style),
            style_version=record.style_version,
            size=list(record.size),
            scores=entry.scores,
            renderer=record.renderer,
            weights_sha256=record.weights_sha256,
            data_root=record.data_root,
            record_sha256=record.digest,
            attestation=entry.attestation or None,
            signature=entry.signature or None,
            signer=people.address(f"model-{record.model[:12]}"),
            certified=entry.certified or None,
            fingerprint=_fingerprint(entry),
            anchor=_anchor(entry),
            token=metadata.get("properties", {}).get("token"),
            token_id=str(entry.id.token_id),
            metadata=f"/works/{entry.id}/metadata.json" if entry.metadata else None,
            metadata_cid=entry.metadata or None,
            sales=[_lot(lot, people) for lot in reversed(lots)],
        )

    def metadata(self, work: str) -> bytes:
        """The token's metadata, the very bytes whose digest the contract stores.

        Raises:
            NoSuchWork: there is no such work, or it has none yet.
            MissingPart: they are not in the store.
        """
        entry = self.entry(work)
        if not entry.metadata:
            raise NoSuchWork(f"{entry.title} is not certified yet", "it has no metadata so far")
        return self.house.store.get(Cid(entry.metadata))

    def _read_metadata(self, cid: str) -> dict[str, Any]:
        try:
            data = json.loads(self.house.store.get(Cid(cid)))
        except (MediciError, ValueError):
            return {}
        return data if isinstance(data, dict) else {}

    def _stage(self, entry: Entry, facts: Facts | None) -> str:
        return "minted" if facts and entry.id in facts.owners else entry.stage

    def _summary(self, entry: Entry, facts: Facts | None, people: People) -> dict[str, Any]:
        record = entry.record
        metadata = self._metadata(entry.metadata) if entry.metadata else {}
        owner = facts.owners.get(entry.id) if facts else None
        lots = facts.lots.get(entry.id, ()) if facts else ()
        sold = [lot.price for lot in lots if lot.price is not None]
        standing: Money | None = None
        if lots and lots[-1].outcome == "open":
            standing = lots[-1].bids[-1].amount if lots[-1].bids else lots[-1].reserve
        return {
            "id": entry.id,
            "title": entry.title,
            "kind": record.kind,
            "round": entry.round,
            "stage": self._stage(entry, facts),
            "model": record.model,
            "model_name": str(metadata.get("properties", {}).get("model_name", "")),
            "seed": record.seed,
            "created": record.created,
            "owner": people.account(owner) if owner else None,
            "price": str(sold[-1]) if sold else None,
            "standing": str(standing) if standing else None,
            "medium": "sound" if entry.cover else "picture",
            "file": f"/files/{entry.id}",
            "picture": f"/covers/{entry.id}" if entry.cover else f"/files/{entry.id}",
            "page": f"/works/{entry.id}",
        }

    # ------------------------------------------------------------------ money and rounds

    def books(self) -> answers.BooksAnswer:
        """The books, as the chain has them."""
        seen = self._watch.now()
        books = self._books(seen.value) if seen.value else None
        return answers.BooksAnswer(chain=self._chain(seen), books=books)

    def _books(self, facts: Facts) -> answers.Books:
        people = People(self.house, facts)
        return answers.Books(
            currency=answers.Currency(
                symbol=facts.symbol,
                address=facts.currency,
                decimals=facts.decimals,
                worthless=self.house.network.kept,
            ),
            received=str(facts.books.received),
            paid_out=str(facts.books.paid_out),
            owed=str(facts.books.owed),
            balanced=facts.books.balanced,
            royalties_resale=str(facts.books.royalties),
            licences=str(facts.books.licences),
            dividends=str(facts.dividends),
            splits=[
                answers.SplitAnswer(
                    number=split.number,
                    id=split.id,
                    received=str(split.received),
                    recipients=[_line(who, bps, people) for who, bps in split.recipients],
                )
                for split in facts.splits
            ],
            holders=[
                answers.Holder(
                    account=people.account(each.holder),
                    shares=str(each.shares),
                    part=round(each.part, 6),
                    owed=str(each.owed),
                )
                for each in facts.holdings
            ],
        )

    def rounds(self) -> answers.RoundsAnswer:
        """All rounds, oldest first."""
        hung, seen = self._shelf.now(), self._watch.now()
        facts = seen.value
        numbers = sorted({entry.round for entry in hung.works.values()})
        return answers.RoundsAnswer(
            chain=self._chain(seen),
            rounds=[
                _round(n, [e for e in hung.works.values() if e.round == n], facts) for n in numbers
            ],
        )


def _round(number: int, entries: list[Entry], facts: Facts | None) -> answers.RoundAnswer:
    lots = [lot for e in entries for lot in (facts.lots.get(e.id, ()) if facts else ())]
    prices = [lot.price for lot in lots if lot.price is not None and lot.primary]
    income = sum(prices[1:], prices[0]) if prices else None
    return answers.RoundAnswer(
        round=number,
        style_versions=sorted({e.record.style_version for e in entries}),
        works=[e.id for e in entries],
        anchored=sorted({Digest(e.anchor["root"]) for e in entries if e.anchor}),
        minted=sum(e.id in facts.owners for e in entries) if facts else 0,
        sold=len(prices),
        income=str(income) if income else None,
    )


def _line(who: str, bps: int, people: People) -> answers.SplitLine:
    parent = isinstance(who, Digest)
    return answers.SplitLine(
        account=None if parent else people.account(who), split=who if parent else None, bps=bps
    )


def _lot(lot: Lot, people: People) -> answers.LotAnswer:
    return answers.LotAnswer(
        lot=lot.number,
        sale="primary" if lot.primary else "resale",
        outcome=lot.outcome,
        seller=people.account(lot.seller),
        reserve=str(lot.reserve),
        price=str(lot.price) if lot.price else None,
        royalty=str(lot.royalty) if lot.royalty else None,
        buyer=people.account(lot.buyer) if lot.buyer else None,
        ends=rfc3339(lot.ends),
        settled=rfc3339(lot.settled) if lot.settled else None,
        tx=lot.transaction,
        bids=[
            answers.BidAnswer(
                bidder=people.account(bid.bidder), amount=str(bid.amount), tx=bid.transaction
            )
            for bid in lot.bids
        ],
    )


def _fingerprint(entry: Entry) -> answers.Fingerprint | None:
    if not entry.fingerprint:
        return None
    try:
        print_ = prints.from_json(entry.fingerprint)
    except MediciError:  # a page is no place to find that out
        return None
    if isinstance(print_, AcousticPrint):
        return answers.Fingerprint(frames=len(print_))
    return answers.Fingerprint(pdq=f"{print_.pdq:064x}", quality=print_.quality)


def _anchor(entry: Entry) -> answers.Anchor | None:
    if not entry.anchor:
        return None
    root, proof = entry.proof
    said = entry.anchor
    return answers.Anchor(
        root=root, proof=list(proof), tx=str(said.get("tx", "")), time=str(said.get("time", ""))
    )
