"""What the HTTP API answers, typed; the pages render the same objects.

Amounts are decimal text in units of the settlement token, times RFC 3339 UTC, digests lower-case
hexadecimal. ``simulated`` is true wherever a made-up collector acts on a local chain.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

HexDigest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Amount = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?$", examples=["105.25"])]
Stage = Literal["generated", "certified", "anchored", "minted"]


class Answer(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True)


class ErrorDetail(Answer):
    """What went wrong: a stable code, what happened, what to do."""

    code: str
    message: str
    hint: str


class ErrorAnswer(Answer):
    """Every error, whatever its status."""

    error: ErrorDetail


class ChainState(Answer):
    """The chain as last read. ``stale``: known from before, not reachable now."""

    network: str
    id: int
    state: Literal["live", "stale", "reading", "down"]
    read_at: str | None
    reason: str
    simulated: bool


class WorkCounts(Answer):
    """How many works there are, and how many came how far."""

    total: int
    certified: int
    anchored: int
    minted: int


class FirmAnswer(Answer):
    """The firm."""

    name: str
    symbol: str
    description: str
    royalty_bps: int
    chain: ChainState
    contracts: dict[str, str]
    works: WorkCounts
    rounds: list[int]
    unreadable: list[str]


class Account(Answer):
    """An account on the chain, with the name the firm knows it by."""

    address: str
    name: str
    simulated: bool


class BidAnswer(Answer):
    """One bid."""

    bidder: Account
    amount: Amount
    tx: str


class LotAnswer(Answer):
    """An auction of the work and how it ended."""

    lot: int
    sale: Literal["primary", "resale"]
    outcome: Literal["open", "sold", "unsold", "void", "cancelled"]
    seller: Account
    reserve: Amount
    price: Amount | None
    royalty: Amount | None
    buyer: Account | None
    ends: str
    settled: str | None
    tx: str
    bids: list[BidAnswer]


class WorkSummary(Answer):
    """A work as it hangs in the gallery.

    ``price`` is what it last sold for; ``standing`` the highest bid (or else the reserve) of an
    auction that is open now. ``picture`` shows it: the file itself, or the cover of a sound.
    """

    id: HexDigest
    title: str
    kind: str
    round: int
    stage: Stage
    model: HexDigest
    model_name: str
    seed: int
    created: str
    owner: Account | None
    price: Amount | None
    standing: Amount | None
    medium: Literal["picture", "sound"]
    file: str
    picture: str
    page: str


class Anchor(Answer):
    """Where and when the work's leaf was anchored."""

    root: HexDigest
    proof: list[HexDigest]
    tx: str
    time: str


class Fingerprint(Answer):
    """Of a picture its PDQ hash and PDQ's own quality figure, 0 to 100; of a sound its length.

    ``frames``: sub-fingerprints of 32 bits.
    """

    pdq: str | None = None
    quality: int | None = None
    frames: int | None = None


class WorkAnswer(WorkSummary):
    """A work with its whole proof."""

    style: dict[str, Any]
    style_version: int
    size: list[int]
    scores: dict[str, float]
    renderer: str
    weights_sha256: HexDigest
    data_root: HexDigest
    record_sha256: HexDigest
    attestation: dict[str, Any] | None
    signature: str | None
    signer: str | None
    certified: str | None
    fingerprint: Fingerprint | None
    anchor: Anchor | None
    token: str | None
    token_id: str
    metadata: str | None
    metadata_cid: str | None
    sales: list[LotAnswer]


class WorksAnswer(Answer):
    """A page of works, newest round first."""

    total: int
    offset: int
    limit: int
    works: list[WorkSummary]


class Currency(Answer):
    """The settlement token. ``worthless``: test money of a local chain."""

    symbol: str
    address: str
    decimals: int
    worthless: bool


class SplitLine(Answer):
    """One recipient of a split; ``split`` instead of an account for a parent work's split."""

    account: Account | None
    split: HexDigest | None
    bps: int


class SplitAnswer(Answer):
    """How the income of some works is shared, and what it received so far."""

    number: int
    id: HexDigest
    received: Amount
    recipients: list[SplitLine]


class Holder(Answer):
    """A shareholder, what part of the shares it holds (0 to 1), and dividends it may claim."""

    account: Account
    shares: str
    part: float
    owed: Amount


class Books(Answer):
    """The books: received = paid out + owed, to the smallest unit."""

    currency: Currency
    received: Amount
    paid_out: Amount
    owed: Amount
    balanced: bool
    royalties_resale: Amount
    licences: Amount
    dividends: Amount
    splits: list[SplitAnswer]
    holders: list[Holder]


class BooksAnswer(Answer):
    """The books as last read from the chain; null when it never answered."""

    chain: ChainState
    books: Books | None


class RoundAnswer(Answer):
    """One round: what it made, when it was anchored, what it sold."""

    round: int
    style_versions: list[int]
    works: list[HexDigest]
    anchored: list[HexDigest]
    minted: int
    sold: int
    income: Amount | None


class RoundsAnswer(Answer):
    """All rounds, oldest first; works made by hand are round 0."""

    chain: ChainState
    rounds: list[RoundAnswer]


class VerifiedModel(Answer):
    """The model that made a verified work, as the firm's registry has it."""

    id: HexDigest
    authorised: bool
    weights_sha256: HexDigest
    data_root: HexDigest
    bias_report: HexDigest


class CustodyStep(Answer):
    """One step of a work's life."""

    event: str
    at: str
    by: str
    tx: str


class VerifyAnswer(Answer):
    """The answer about a file; the same as ``medici verify FILE --json`` prints."""

    verdict: Literal["authentic", "altered", "derived", "unknown", "revoked", "forged"]
    medium: Literal["picture", "sound"]
    work: HexDigest | None
    token: str | None
    found_by: Literal["credentials", "content-digest", "fingerprint", "none"]
    distance: int | None
    model: VerifiedModel | None
    signature: Literal["ok", "bad", "missing"]
    credentials: Literal["trusted", "untrusted", "tampered", "missing"]
    anchored_at: str | None
    first_mint: bool | None
    rerun: Literal["identical", "within tolerance", "different", "not asked"]
    custody: list[CustodyStep]
    licences: list[dict[str, Any]]
    notes: list[str]
