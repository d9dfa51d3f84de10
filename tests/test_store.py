import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medici.errors import MissingPart, UnreadableFile
from medici.records import Cid
from medici.store import LEAF_BYTES, LINKS_PER_NODE, Store, atomic_write, cid_of, staging


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


def test_a_write_that_fails_names_the_file_that_was_meant(tmp_path):
    path = tmp_path / "state.json"
    code = (
        "import pathlib, resource, medici.store as s\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, -1))\n"
        f"path = pathlib.Path({str(path)!r})\n"
        "try: s.atomic_write(path, b'new' * 1000)\n"
        "except OSError as error: print(error.filename, error.filename2)\n"
        "path.mkdir()\n"
        "try: s.atomic_write(path, b'new')\n"
        "except OSError as error: print(error.filename, error.filename2)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"{path} None"] * 2
    assert list(tmp_path.iterdir()) == [path]


def test_a_stage_moves_all_of_its_files_or_none(tmp_path):
    out = tmp_path / "new" / "set"

    def stopped():
        with staging(out, "manifest") as part:
            (part / "piece").write_text("1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert list(tmp_path.iterdir()) == []
    for turn in ("1", "2"):
        with staging(out, "manifest") as part:
            for name in ("manifest", "inside/piece"):
                atomic_write(part / name, turn.encode())
            assert turn == "1" or (out / "manifest").read_text() == "1"
        assert [p.relative_to(out).as_posix() for p in sorted(out.rglob("*"))] == [
            "inside",
            "inside/piece",
            "manifest",
        ]
        assert (out / "inside" / "piece").read_text() == turn
