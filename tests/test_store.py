import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medici.errors import MissingPart, UnreadableFile
from medici.records import Cid
from medici.store import LEAF_BYTES, LINKS_PER_NODE, Store, atomic_write, cid_of


@given(st.binary(max_size=300))
def test_small_files_are_named_by_their_raw_bytes(data):
    assert cid_of(data) == Cid.of_raw(data)


def test_what_is_put_comes_back(tmp_path):
    store = Store(tmp_path)
    data = os.urandom(LEAF_BYTES + 17)
    cid = store.put(data)
    assert store.get(cid) == data
    assert cid in store
    assert store.put(data) == cid


def test_a_damaged_or_missing_block_is_told(tmp_path):
    store = Store(tmp_path)
    cid = store.put(b"picture")
    store.path(cid).write_bytes(b"pictura")
    with pytest.raises(UnreadableFile, match="damaged"):
        store.get(cid)
    with pytest.raises(MissingPart):
        store.get(Cid.of_raw(b"never put"))


# Made by the command-line program of npm's ipfs-car 3.1.0 (`ipfs-car pack --no-wrap`) over the same
# bytes: an independent implementation of the unixfs-v1-2025 profile. tests/data/cids.json says how.
VECTORS = json.loads((__import__("pathlib").Path(__file__).parent / "data/cids.json").read_bytes())


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda v: str(v["bytes"]))
def test_large_files_agree_with_an_independent_implementation(vector):
    pattern = bytes(range(251))
    size = vector["bytes"]
    data = (pattern * (size // 251 + 1))[:size]
    assert cid_of(data) == vector["cid"]


def test_vectors_reach_every_shape_of_tree():
    sizes = [v["bytes"] for v in VECTORS["vectors"]]
    assert min(sizes) <= LEAF_BYTES
    assert any(LEAF_BYTES < s < LEAF_BYTES * LINKS_PER_NODE for s in sizes)


def test_a_killed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "state.json"
    atomic_write(path, b"old")
    code = (
        "import os, pathlib, medici.store as s\n"
        "os.fsync = lambda fd: os._exit(9)\n"
        f"s.atomic_write(pathlib.Path({str(path)!r}), b'new')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 9
    assert path.read_bytes() == b"old"
