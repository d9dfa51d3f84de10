"""The structs of the contracts, by their names there.

Made by tools/artifacts.py from the compiled contracts; change those, not this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from medici.records import Address, Digest


class Model(NamedTuple):
    """The struct `Model`."""

    id_: Digest
    predecessor: Digest
    signer: Address
    weights_digest: Digest
    data_root: Digest
    record_digest: Digest
    bias_report_digest: Digest
    certificate_key_digest: Digest
    data_licence: str


class Attestation(NamedTuple):
    """The struct `Attestation`."""

    token_id: int
    record_digest: Digest
    model_id: Digest
    metadata_digest: Digest
    split_id: Digest
    parents_digest: Digest
    creator: Address


class Provenance(NamedTuple):
    """The struct `Provenance`."""

    model_id: Digest
    minted_at: int
    split_index: int
    metadata_digest: Digest
    burnt: bool


class Lot(NamedTuple):
    """The struct `Lot`."""

    token_id: int
    seller: Address
    start: int
    end: int
    extension: int
    raise_bps: int
    reserve: int
    secret_reserve: Digest
    bidder: Address
    highest: int
    split: int
    royalty_bps: int
    primary: bool
    lazy: bool
    secret_pending: bool


class Terms(NamedTuple):
    """The struct `Terms`."""

    reserve: int
    secret_reserve: Digest
    start: int
    duration: int
    extension: int
    raise_bps: int


class LazyWork(NamedTuple):
    """The struct `LazyWork`."""

    attestation: Attestation
    parents: list[int]
    root: Digest
    proof: list[Digest]


class Recipient(NamedTuple):
    """The struct `Recipient`."""

    account: Digest
    bps: int


class Allocation(NamedTuple):
    """The struct `Allocation`."""

    holder: Address
    amount: int
    start: int
    cliff: int
    duration: int
    revocable: bool


class BuyBack(NamedTuple):
    """The struct `BuyBack`."""

    price: int
    budget: int
    until: int


class Checkpoint208(NamedTuple):
    """The struct `Checkpoint208`."""

    key: int
    value: int


class Vesting(NamedTuple):
    """The struct `Vesting`."""

    amount: int
    start: int
    cliff: int
    duration: int
    revocable: bool
