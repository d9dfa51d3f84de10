from __future__ import annotations

import json
from pathlib import Path

from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st
from tests.provenance.world import Key

from medici.provenance import signing
from medici.provenance.anchor import Tree
from medici.records import Address, Attestation, Cid, Digest, ModelId, WorkId

digests = st.binary(min_size=32, max_size=32)
addresses = st.binary(min_size=20, max_size=20).map(Address.from_raw)
chains = st.integers(1, 2**64)
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def signed_by_wallet(secret, domain, name, fields, values):
    """What an ordinary Ethereum wallet signs for the same typed data."""
    message = encode_typed_data(
        full_message={
            "primaryType": name,
            "types": {
                "EIP712Domain": [
                    {"name": "name", "type": "string"},
                    {"name": "version", "type": "string"},
                    {"name": "chainId", "type": "uint256"},
                    {"name": "verifyingContract", "type": "address"},
                ],
                name: [{"name": field, "type": kind} for field, kind in fields],
            },
            "domain": {
                "name": domain.name,
                "version": "1",
                "chainId": domain.chain_id,
                "verifyingContract": str(domain.contract),
            },
            "message": dict(zip((f for f, _ in fields), values, strict=True)),
        }
    )
    return bytes(Account.from_key(secret).sign_message(message).signature)


@given(digests, digests, digests, addresses, chains, st.integers(1, 2**200))
def test_generation_is_what_a_wallet_signs(content, record, model, works, chain, secret):
    domain = signing.works_domain(chain, works)
    what = signing.Generation(WorkId(content.hex()), Digest(record.hex()), ModelId(model.hex()))
    fields = [(n, "bytes32") for n in ("contentDigest", "recordDigest", "modelId")]
    raw = secret.to_bytes(32, "big")
    theirs = signed_by_wallet(raw, domain, "Generation", fields, [content, record, model])
    ours = signing.sign(Key(secret), domain, what)
    assert ours == theirs
    assert signing.recover(domain, what, theirs) == Account.from_key(raw).address


@given(digests, digests, st.integers(1, 2**64 - 1), addresses, chains)
def test_batch_is_what_a_wallet_signs(model, root, count, anchors, chain):
    domain = signing.anchors_domain(chain, anchors)
    fields = [("modelId", "bytes32"), ("root", "bytes32"), ("count", "uint64")]
    what = signing.Batch(ModelId(model.hex()), Digest(root.hex()), count)
    theirs = signed_by_wallet(b"\7" * 32, domain, "Batch", fields, [model, root, count])
    assert signing.sign(Key(int.from_bytes(b"\7" * 32, "big")), domain, what) == theirs


@given(digests, digests, digests, digests, digests, st.lists(digests, max_size=3), addresses)
def test_attestation_is_what_a_wallet_signs(work, record, model, meta, split, parents, creator):
    domain = signing.works_domain(31337, creator)
    what = Attestation(
        WorkId(work.hex()),
        Digest(record.hex()),
        ModelId(model.hex()),
        Digest(meta.hex()),
        Digest(split.hex()),
        tuple(WorkId(p.hex()) for p in parents),
        creator,
    )
    fields = [("tokenId", "uint256"), ("recordDigest", "bytes32"), ("modelId", "bytes32")]
    fields += [("metadataDigest", "bytes32"), ("splitId", "bytes32"), ("parentsDigest", "bytes32")]
    fields += [("creator", "address")]
    values = [int.from_bytes(work, "big"), record, model, meta, split]
    values += [what.parents_digest.raw, str(creator)]
    theirs = signed_by_wallet(b"\7" * 32, domain, "Attestation", fields, values)
    assert signing.sign(Key(int.from_bytes(b"\7" * 32, "big")), domain, what) == theirs


@given(digests, digests, addresses, addresses, chains, chains)
def test_a_signature_counts_for_one_contract_on_one_chain(a, b, here, there, chain, other):
    what = signing.Generation(WorkId(a.hex()), Digest(b.hex()), ModelId(b.hex()))
    key, domain = Key(5), signing.works_domain(chain, here)
    signature = signing.sign(key, domain, what)
    for elsewhere in (
        signing.works_domain(chain, there),
        signing.works_domain(other, here),
        signing.anchors_domain(chain, here),
    ):
        same = elsewhere == domain
        assert (signing.recover(elsewhere, what, signature) == key.address) is same


def test_only_the_one_canonical_form_of_a_signature_counts():
    what = signing.Generation(WorkId("1" * 64), Digest("2" * 64), ModelId("3" * 64))
    domain, key = signing.works_domain(1, Address("0x" + "4" * 40)), Key(6)
    good = signing.sign(key, domain, what)
    r, s, v = good[:32], int.from_bytes(good[32:64], "big"), good[64]
    mirrored = r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v])
    assert signing.recover(domain, what, good) == key.address
    for bad in (
        mirrored,
        good[:64],
        good + b"\0",
        good[:64] + bytes([v - 27]),
        bytes(64) + bytes([v]),
        b"\xff" * 64 + bytes([v]),
        b"",
    ):
        assert signing.recover(domain, what, bad) is None


@given(chains, addresses, digests)
def test_a_token_name_is_read_as_it_was_written(chain, works, work):
    work = WorkId(work.hex())
    text = signing.token_uri(chain, works, work)
    assert signing.parse_token(text) == (chain, works, work)
    decimal = f"eip155:{chain}/erc721:{works}/{work.token_id}"
    assert signing.parse_token(decimal) == (chain, works, work)


@given(st.text(max_size=80))
def test_no_text_breaks_the_reader_of_token_names(text):
    assert signing.parse_token(text) is None
    assert signing.parse_token("eip155:1/erc721:" + text) is None


def test_the_vector_that_the_contracts_are_tested_with():
    root = Path(__file__).parents[2]
    said = json.loads((root / "contracts/test/provenance/attestation-vector.json").read_text())
    attested = said["attestation"]
    what = Attestation(
        WorkId(attested["tokenId"]),
        Digest(attested["recordDigest"]),
        ModelId(attested["modelId"]),
        Digest(attested["metadataDigest"]),
        Digest(attested["splitId"]),
        tuple(WorkId(parent) for parent in said["parents"]),
        Address(attested["creator"]),
    )
    key = Key(int(said["modelKey"], 16))
    works = signing.works_domain(said["chainId"], Address(said["works"]))
    anchors = signing.anchors_domain(said["chainId"], Address(said["anchors"]))
    made = signing.Generation(what.work, what.record, what.model)
    tree = Tree([Digest(leaf) for leaf in said["leaves"]])
    batch = signing.Batch(what.model, tree.root, len(tree))
    assert key.address == said["modelSigner"]
    assert what.parents_digest.prefixed == attested["parentsDigest"]
    assert what.leaf.prefixed == said["leaf"]
    assert tree.root.prefixed == said["root"]
    assert [d.prefixed for d in tree.proof(what.leaf)] == said["proof"]
    assert works.digest(what.leaf.raw).hex() == said["attestationDigest"][2:]
    assert signing.sign(key, works, what).hex() == said["attestationSignature"][2:]
    assert works.digest(made.leaf.raw).hex() == said["generationDigest"][2:]
    assert signing.sign(key, works, made).hex() == said["generationSignature"][2:]
    assert anchors.digest(batch.leaf.raw).hex() == said["batchDigest"][2:]
    assert signing.sign(key, anchors, batch).hex() == said["batchSignature"][2:]
    assert Cid.from_digest(what.metadata).uri == said["tokenURI"]
