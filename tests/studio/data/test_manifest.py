"""Roots: over the samples, and over who made them."""

from __future__ import annotations

import hashlib
import json

from eth_hash.auto import keccak

from medici.records import Digest
from medici.studio.data.manifest import credit_leaf, credited, credits_root, data_root, sample_leaf

DIGESTS = [Digest(hashlib.sha256(bytes([i])).hexdigest()) for i in range(5)]


def test_the_root_is_a_tree_of_tagged_leaves():
    leaves = [keccak(b"medici/sample/1" + d.raw) for d in DIGESTS[:2]]
    assert [sample_leaf(d) for d in DIGESTS[:2]] == leaves
    assert data_root(DIGESTS[:1]) == leaves[0].hex()
    assert data_root(DIGESTS[:2]) == keccak(b"".join(sorted(leaves))).hex()


def test_a_credit_can_be_recomputed_from_its_canonical_json():
    about = {"owner": "Ann", "licence": "MIT", "attributes": {"hat": "red"}, "consent": ""}
    text = json.dumps(
        {"digest": DIGESTS[0], "licence": "MIT", "owner": "Ann"}, separators=(",", ":")
    )
    assert credit_leaf(DIGESTS[0], about) == keccak(b"medici/credit/1" + text.encode())


def test_the_credits_root_follows_every_owner():
    rows = [(d, {"owner": "Ann"}) for d in DIGESTS]
    changed = [*rows[:-1], (DIGESTS[-1], {"owner": "Bob"})]
    assert credits_root(rows) != credits_root(changed)


def test_what_the_set_states_holds_for_samples_that_state_nothing():
    source = {"licence": "MIT", "authors": ["Ann", "Bob"], "consent": "yes"}
    assert credited({}, source) == {"licence": "MIT", "author": "Ann, Bob", "consent": "yes"}
    said = {"licence": "ISC", "author": "Cy", "owner": "Di", "consent": "yes"}
    assert credited({"licence": "ISC", "author": "Cy", "owner": "Di"}, source) == said
