"""The exact renderer gives the same bits however it is run, and the bits that its text defines."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.studio import tiny
from tests.studio.reference import Reference

from medici.content import picture_digest
from medici.errors import BadWeights
from medici.studio import load_model
from medici.studio.exact import network as exact
from medici.studio.exact.identity import build_network
from medici.studio.exact.network import Layer, certify

SPECIFICATION = Path(__file__).parents[3] / "docs" / "spec" / "exact-renderer.md"
PROGRAM = """
import hashlib, sys
from medici.studio import load_model
model = load_model(sys.argv[1])
some = model.sample_many(range(12), {"scale": 1})
print(hashlib.sha256(b"".join(w.pixels.tobytes() for w in some)).hexdigest())
"""


def test_the_specifications_vectors(tiny_model):
    text = SPECIFICATION.read_text("utf-8")
    vectors = dict(re.findall(r"^\| (.+?) \| `([0-9a-f]{64})` \|$", text, re.MULTILINE))
    assert vectors.pop("model id") == tiny_model.id
    assert len(vectors) == 3
    for told, digest in vectors.items():
        seed, style = re.fullmatch(r"content digest, seed (\d+), style (.+)", told).groups()
        work = tiny_model.sample(int(seed), json.loads(style))
        assert picture_digest(work.pixels) == digest, told


def test_the_specifications_stream(portraits):
    text = SPECIFICATION.read_text("utf-8")
    start, normals = re.search(r"begins `([0-9a-f]+)`; .* normals are ([-\d, ]+)\.", text).groups()
    stream = hashlib.shake_256(b"medici/exact/1/latent" + (7).to_bytes(32, "big")).digest(16)
    assert stream.hex() == start
    told = [int(x) for x in normals.split(",")]
    assert portraits.network.latents([7])[0][0, : len(told)].tolist() == told


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**53 - 1),
    psi=st.integers(0, 1500),
    amount=st.integers(0, 1000),
    other=st.integers(0, 2**53 - 1),
    ground=st.sampled_from(["auto", "transparent", "#102030"]),
)
def test_fast_renderer_equals_plain_integers(seed, psi, amount, other, ground):
    style = {
        "psi": psi / 1000,
        "blend": {"seed": other, "amount": amount / 1000},
        "ground": ground,
        "scale": 2,
    }
    model = _tiny()
    expected = Reference(*tiny.make()).pixels(seed, model.parse(style))
    assert model.sample(seed, style).pixels.tobytes() == expected


def test_shipped_model_equals_plain_integers(portraits):
    from medici.studio.exact.identity import read_weights

    header, tensors, _ = read_weights(portraits.folder / "weights.safetensors")
    reference = Reference(header, tensors)
    style = {"scale": 1}
    expected = reference.pixels(11, portraits.parse(style))
    assert portraits.sample(11, style).pixels.tobytes() == expected


@pytest.mark.parametrize("batch", [1, 3, 7, 64])
def test_batches_do_not_matter(portraits, monkeypatch, batch):
    seeds = range(64)
    expected = portraits.natives(seeds)
    monkeypatch.setattr(exact, "_BATCH", batch)
    assert (portraits.natives(seeds) == expected).all()
    alone = portraits.sample(17, {"scale": 1}).pixels
    assert (alone == expected[17]).all()


def test_processes_threads_and_kernels_do_not_matter(portraits):
    machines = [
        {"OMP_NUM_THREADS": "1", "OPENBLAS_CORETYPE": "Haswell"},
        {"OPENBLAS_NUM_THREADS": "2", "OPENBLAS_CORETYPE": "Sandybridge"},
        {"OPENBLAS_NUM_THREADS": "1", "OPENBLAS_CORETYPE": "Prescott"},
    ]
    told = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM, str(portraits.folder)],
            env={**os.environ, **machine},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for machine in machines
    }
    some = portraits.sample_many(range(12), {"scale": 1})
    here = hashlib.sha256(b"".join(w.pixels.tobytes() for w in some)).hexdigest()
    assert told == {here + "\n"}


@pytest.mark.train
def test_torch_products_give_the_same_integers(portraits, monkeypatch):
    torch = pytest.importorskip("torch")

    seeds = range(8)
    expected = portraits.natives(seeds)
    network = portraits.network
    products = {name: _Right(w, torch) for name, w in network._weights.items()}
    monkeypatch.setattr(network, "_weights", products)
    assert (portraits.natives(seeds) == expected).all()


class _Right:
    """A weight matrix whose products are torch's."""

    __array_ufunc__ = None

    def __init__(self, array, torch):
        self.array, self.torch, self.shape = array, torch, array.shape

    def __getitem__(self, phase):
        return _Right(self.array[phase], self.torch)

    def __rmatmul__(self, left):
        left = self.torch.from_numpy(np.ascontiguousarray(left))
        return (left @ self.torch.from_numpy(np.ascontiguousarray(self.array))).numpy()


def test_latents_are_nearly_standard_normal(portraits):
    z, drawn = portraits.network.latents(range(500))
    assert abs(z.mean() / 1024) < 0.02
    assert abs(z.std() / 1024 - 1) < 0.02
    assert len(set(drawn.tolist())) > 150


def test_certificate_refuses_sums_that_could_round():
    weight = np.full((1, 3000), 32767, np.int16)
    bias = np.array([1 << 50], np.int64)
    assert certify([Layer("ok", "dense", weight, bias, 10, leaky=True)])["layers"]
    with pytest.raises(BadWeights, match="layer large can reach"):
        certify([Layer("large", "dense", weight, bias * 4, 10, leaky=True)])


def test_a_model_that_could_overflow_is_refused():
    header, tensors = tiny.make()
    tensors["up2.bias"] = tensors["up2.bias"] + (1 << 53)
    with pytest.raises(BadWeights, match="up2"):
        build_network(header, tensors)


@functools.cache
def _tiny():
    with tempfile.TemporaryDirectory() as folder:
        tiny.write(Path(folder))
        return load_model(folder)
