from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medici.errors import UnreadableFile, WrongUse
from medici.provenance.anchor import AnchorBatch, Tree, leads_to
from medici.records import Address, Attestation, Digest, ModelId, WorkId

MODEL = ModelId("5" * 64)


def leaves(count):
    return [Digest.keccak(i.to_bytes(8, "big")) for i in range(count)]


def attestation(number, model=MODEL):
    return Attestation(
        WorkId.from_int(number + 1),
        Digest("1" * 64),
        model,
        Digest("2" * 64),
        Digest("3" * 64),
        (),
        Address("0x" + "4" * 40),
    )


@given(st.integers(1, 70), st.data())
def test_every_leaf_has_a_proof_and_no_other_has(count, data):
    given_ = leaves(count)
    tree = Tree(given_)
    stranger = Digest.keccak(b"stranger")
    for leaf in given_:
        proof = tree.proof(leaf)
        assert leads_to(leaf, proof, tree.root)
        assert not leads_to(stranger, proof, tree.root)
    at = data.draw(st.integers(0, count - 1))
    proof = list(tree.proof(given_[at]))
    if proof:
        changed = data.draw(st.integers(0, len(proof) - 1))
        proof[changed] = stranger
        assert not leads_to(given_[at], proof, tree.root)


def test_ten_thousand_and_one_works():
    given_ = leaves(10_001)
    tree = Tree(given_)
    for at in (0, 1, 4_999, 9_999, 10_000):
        proof = tree.proof(given_[at])
        assert len(proof) <= 14
        assert leads_to(given_[at], proof, tree.root)
    assert len(tree) == 10_001


def test_one_work_is_its_own_root():
    (leaf,) = leaves(1)
    assert Tree([leaf]).root == leaf
    assert Tree([leaf]).proof(leaf) == ()


def test_an_inner_node_is_no_leaf_of_a_batch():
    batch = AnchorBatch(MODEL, tuple(attestation(i) for i in range(4)))
    tree = batch.tree
    inner = tree.proof(batch.attestations[0].leaf)[1]
    with pytest.raises(WrongUse):
        tree.proof(inner)


@pytest.mark.parametrize("bad", [[], leaves(3) + leaves(1)])
def test_an_empty_batch_or_a_work_twice_is_refused(bad):
    with pytest.raises(WrongUse):
        Tree(bad)


def test_a_batch_is_of_one_model():
    with pytest.raises(WrongUse):
        AnchorBatch(MODEL, (attestation(0), attestation(1, ModelId("6" * 64))))


def test_a_batch_is_read_as_it_was_written():
    batch = AnchorBatch(MODEL, tuple(attestation(i) for i in range(5)))
    data = json.loads(batch.canonical)
    assert AnchorBatch.from_json(data) == batch
    assert batch.claim.count == 5
    for damage in (
        {"schema": "medici/batch/2"},
        {"root": "7" * 64},
        {"attestations": data["attestations"][:4]},
        {"attestations": [{}]},
    ):
        with pytest.raises((UnreadableFile, WrongUse)):
            AnchorBatch.from_json(data | damage)
