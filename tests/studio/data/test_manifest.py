"""Roots: over the samples, and over who made them."""

from __future__ import annotations

import hashlib
import json

import pytest
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from medici.errors import BadData, WrongUse
from medici.records import Digest
from medici.studio.data.manifest import (
    MANIFEST,
    SCHEMA,
    Tree,
    credit_leaf,
    credited,
    credits_root,
    data_root,
    read_manifest,
    sample_leaf,
)
from medici.studio.exact.merkle import merkle_root

DIGESTS = [Digest(hashlib.sha256(bytes([i])).hexdigest()) for i in range(5)]


def test_the_root_is_a_tree_of_tagged_leaves():
    leaves = [keccak(b"medici/sample/1" + d.raw) for d in DIGESTS[:2]]
    assert [sample_leaf(d) for d in DIGESTS[:2]] == leaves
    assert data_root(DIGESTS[:1]) == leaves[0].hex()
    assert data_root(DIGESTS[:2]) == keccak(b"".join(sorted(leaves))).hex()


@settings(deadline=None)
@given(st.integers(1, 70))
def test_leaf_by_leaf_is_the_same_tree(count):
    leaves = [hashlib.sha256(bytes([i])).digest() for i in range(count)]
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    assert tree.root == merkle_root(leaves).hex()
    assert tree.count == count


def test_no_samples_have_no_root():
    with pytest.raises(WrongUse):
        data_root([])


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


GOOD = {"schema": SCHEMA, "size": [16, 16], "root": DIGESTS[0], "count": 8}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("size", v) for v in (3, [16], [0, 0], [16, 32], ["16", "16"], [True, True], [1e9, 1e9])),
        *(("root", v) for v in (None, 7, "no digest")),
        *(("count", v) for v in (-1, "8", 8.5)),
        *(("about", 3), ("licence", []), ("credits_root", {}), ("transparent", 1)),
        *(("samples", v) for v in (3, [3], [{"file": 3}])),
        *(("shards", v) for v in ({}, [{"file": "a"}], [{"file": "a", "count": -1, "bytes": 1}])),
        *(("splits", v) for v in ([], {"../train": {}}, {"": {}})),
    ],
)
def test_a_manifest_that_cannot_be_true_is_named_with_its_key(tmp_path, key, value):
    (tmp_path / MANIFEST).write_text(json.dumps(GOOD))
    assert read_manifest(tmp_path) == GOOD
    (tmp_path / MANIFEST).write_text(json.dumps({**GOOD, key: value}))
    with pytest.raises(BadData, match=rf"manifest\.json does not describe a data set: {key} is"):
        read_manifest(tmp_path)


def test_the_manifest_of_another_program_is_none(tmp_path):
    (tmp_path / MANIFEST).write_text('{"name": "a web page", "icons": [], "size": "large"}')
    assert read_manifest(tmp_path) is None
