import hashlib

import numpy as np
import pytest
from eth_abi import encode
from eth_hash.auto import keccak
from eth_utils import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from medici.content import picture_digest
from medici.errors import WrongUse
from medici.records import (
    ZERO_DIGEST,
    Address,
    Attestation,
    Bps,
    Cid,
    Digest,
    GenerationRecord,
    ModelId,
    Money,
    WorkId,
    canonical_json,
    shares,
)

words = st.binary(min_size=32, max_size=32)
accounts = st.binary(min_size=20, max_size=20).map(Address.from_raw)


@given(st.integers(0, 2**256 - 1), st.integers(0, 18))
def test_money_reads_back_what_it_prints(units, decimals):
    money = Money(units, decimals)
    assert Money.parse(str(money), decimals) == money


@pytest.mark.parametrize("text", ["", "a", "-1", "nan", "inf", "1.0000001", "1,5", "1e400"])
def test_money_refuses_what_is_no_amount(text):
    with pytest.raises(WrongUse):
        Money.parse(text)


def test_money_prints_cents_and_never_an_exponent():
    assert str(Money(105_000_000)) == "105.00"
    assert str(Money(1)) == "0.000001"
    assert str(Money(10**24)) == "1000000000000000000.00"


@given(st.binary(min_size=20, max_size=20))
def test_addresses_have_the_standard_checksum(raw):
    assert Address.from_raw(raw) == to_checksum_address(raw)


def test_a_mistyped_address_is_refused():
    good = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    assert Address(good) == good
    with pytest.raises(WrongUse, match="checksum"):
        Address("0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")


@given(words)
def test_digest_and_token_id_are_the_same_number(raw):
    work = WorkId(raw.hex())
    assert work.token_id == int.from_bytes(raw, "big")
    assert WorkId.from_int(work.token_id) == work
    assert work.raw == raw


def test_cid_is_sha256sum_with_a_prefix():
    assert Cid.of_raw(b"hello") == "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq"


@given(st.lists(st.tuples(st.one_of(accounts, words.map(lambda w: Digest(w.hex())))), max_size=4))
def test_split_id_is_the_abi_encoding_the_contract_hashes(rows):
    if not rows:
        return
    each = 10_000 // len(rows)
    parts = [each] * len(rows)
    parts[-1] += 10_000 - sum(parts)
    split = shares([(row[0], part) for row, part in zip(rows, parts, strict=True)])
    abi = [(row[0].raw.rjust(32, b"\0"), part) for row, part in zip(rows, parts, strict=True)]
    assert split.id.raw == keccak(encode(["(bytes32,uint16)[]"], [abi]))


def test_split_must_sum_to_the_whole():
    with pytest.raises(WrongUse, match="sum"):
        shares([(Address("0x" + "1" * 40), 9_999)])
    with pytest.raises(WrongUse):
        Bps(10_001)


@given(words, words, words, words, words, st.lists(words, max_size=3), accounts)
def test_attestation_survives_json_and_hashes_as_abi(a, b, c, d, e, parents, creator):
    attestation = Attestation(
        WorkId(a.hex()),
        Digest(b.hex()),
        ModelId(c.hex()),
        Digest(d.hex()),
        Digest(e.hex()),
        tuple(WorkId(p.hex()) for p in parents),
        creator,
    )
    assert Attestation.from_json(attestation.as_json()) == attestation
    lineage = keccak(b"".join(parents)) if parents else ZERO_DIGEST.raw
    types = ["bytes32"] * 7 + ["address"]
    preimage = encode(types, [keccak(Attestation.TYPE.encode()), a, b, c, d, e, lineage, creator])
    assert attestation.leaf.raw == keccak(preimage)


def generation(**changes):
    zero = "00" * 32
    values = {
        "content": WorkId(zero),
        "kind": "picture",
        "model": ModelId(zero),
        "weights_sha256": Digest(zero),
        "data_root": Digest(zero),
        "model_record": Digest(zero),
        "renderer": "exact/1",
        "seed": 7,
        "style": {"psi": 0.7},
        "style_version": 1,
        "size": (512, 512),
        "created": "2026-11-22T10:00:00Z",
    }
    return GenerationRecord(**values | changes)


def test_generation_record_survives_json():
    record = generation()
    assert GenerationRecord.from_json(record.as_json()) == record
    assert record.digest == Digest.of(canonical_json(record.as_json()))
    assert generation(seed=8).digest != record.digest


@pytest.mark.parametrize("change", [{"schema": "x"}, {"size": [1]}, {"content": "zz"}])
def test_a_malformed_generation_record_is_refused(change):
    with pytest.raises(WrongUse):
        GenerationRecord.from_json(generation().as_json() | change)


def test_canonical_json_sorts_and_refuses_what_has_no_form():
    assert (
        canonical_json({"b": 1, "a": [True, None, "é"]}) == '{"a":[true,null,"é"],"b":1}'.encode()
    )
    for value in (float("nan"), 2**60, {1: 2}, object()):
        with pytest.raises(WrongUse):
            canonical_json(value)


def test_picture_digest_is_over_size_and_pixels():
    pixels = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    expected = b"RGBA8" + (3).to_bytes(4, "big") + (2).to_bytes(4, "big") + bytes(range(24))
    assert picture_digest(pixels) == hashlib.sha256(expected).hexdigest()
    assert picture_digest(pixels.reshape(3, 2, 4)) != picture_digest(pixels)
    assert picture_digest(np.asfortranarray(pixels)) == picture_digest(pixels)
    for wrong in (pixels[..., :3], pixels.astype(np.int16), pixels[:0]):
        with pytest.raises(WrongUse):
            picture_digest(wrong)
