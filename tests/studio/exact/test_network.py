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
from dataclasses import replace
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
from medici.studio.exact import latents, quantise
from medici.studio.exact import network as exact
from medici.studio.exact.identity import build
from medici.studio.exact.network import Layer, Network, certify

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


def test_the_specifications_stream():
    text = SPECIFICATION.read_text("utf-8")
    start, normals = re.search(r"begins `([0-9a-f]+)`; .* normals are ([-\d, ]+)\.", text).groups()
    told = [int(x) for x in normals.split(",")]
    stream = latents.stream("latent", 7, 12 * len(told))
    assert stream.tobytes().hex().startswith(start)
    assert latents.normals(stream).tolist() == told


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
        "directions": {"warm": psi / 500 - 1, "up": amount / 1000} if amount % 2 else None,
        "colours_from": other if psi % 2 else None,
        "scale": 2,
    }
    model = _tiny()
    expected = _reference().pixels(seed, model.parse(style))
    assert model.sample(seed, style).pixels.tobytes() == expected


def test_shipped_model_equals_plain_integers(portraits):
    reference = Reference(portraits.exact.header, portraits.exact.tensors)
    style = {"scale": 1}
    expected = reference.pixels(11, portraits.parse(style))
    assert portraits.sample(11, style).pixels.tobytes() == expected


@pytest.mark.parametrize("batch", [1, 3, 7, 64])
def test_batches_do_not_matter(portraits, monkeypatch, batch):
    seeds = range(64)
    expected = portraits.natives(seeds)
    monkeypatch.setattr(exact, "_CACHED", batch << 17)
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

    called = []

    def product(left, right):
        called.append(left.shape)
        left, right = (torch.from_numpy(np.ascontiguousarray(m)) for m in (left, right))
        return (left @ right).numpy()

    seeds = range(8)
    expected = portraits.natives(seeds)
    for network in (portraits.map, portraits.draw, portraits.colours):
        monkeypatch.setattr(network, "product", product)
    assert (portraits.natives(seeds) == expected).all()
    assert called


def test_latents_are_nearly_standard_normal():
    z = latents.normals(latents.streams("latent", range(500), 64 * 12))
    assert abs(z.mean() / 1024) < 0.02
    assert abs(z.std() / 1024 - 1) < 0.02
    drawn = latents.draws(latents.streams("codes", range(500), 2 * 24))
    assert drawn.min() >= 0
    assert drawn.max() < 4096
    assert len(set(drawn.ravel().tolist())) > 3500


WRAPS = st.booleans()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), wrap=WRAPS, height=st.integers(1, 5), width=st.integers(1, 5))
def test_every_kind_of_layer_equals_plain_integers(seed, wrap, height, width):
    random = np.random.default_rng(seed)

    def layer(name, kind, outputs, inputs, **more):
        shape = (4, outputs, inputs) if kind == "up" else (outputs, inputs)
        weight = random.integers(-9000, 9000, shape).astype(np.int16)
        bias = random.integers(-(1 << 24), 1 << 24, outputs)
        return Layer(name, kind, weight, bias, 12, wrap=wrap, **more)

    none = np.zeros(0, np.float64)
    layers = [
        layer("a", "conv", 4, 9 * 3, leaky=True),
        quantise.layer("b", "bilinear", none, wrap=wrap),
        layer("c", "conv", 4, 9 * 4, plus="b", leaky=True),
        layer("d", "down", 5, 16 * 4),
        layer("e", "up", 4, 4 * 5, leaky=True, plus="c"),
        layer("f", "dense", 2, 4, source="b"),
    ]
    x = random.integers(-4000, 4000, (2, height, width, 3))
    made = Network(layers)(x.astype(np.float64))
    header = {"about": {}, "networks": {}, "sequences": {}}
    tensors = {f"n.{row.name}.weight": row.weight for row in layers}
    tensors |= {f"n.{row.name}.bias": row.bias for row in layers}
    reference = Reference(header, tensors)
    told = [row.as_json() for row in layers]
    for row in told:
        row.setdefault("shift", 4)
    for i in range(2):
        assert made[i].tolist() == reference.network("n", told, x[i].tolist())


def test_large_pictures_are_made_in_bands_with_the_same_bits(monkeypatch):
    random = np.random.default_rng(0)
    weight = random.integers(-9000, 9000, (4, 9 * 3)).astype(np.int16)
    up = random.integers(-9000, 9000, (4, 4, 4 * 4)).astype(np.int16)
    zero = np.zeros(4, np.int64)
    layers = [Layer("a", "conv", weight, zero, 12), Layer("b", "up", up, zero, 12, plus=None)]
    x = random.integers(-4000, 4000, (1, 40, 24, 3)).astype(np.float64)
    whole = Network(layers)(x)
    monkeypatch.setattr(exact, "_CACHED", 1 << 14)
    assert (Network(layers)(x) == whole).all()


def test_certificate_refuses_sums_that_could_round():
    weight = np.full((1, 3000), 32767, np.int16)
    bias = np.array([1 << 50], np.int64)
    assert certify([Layer("ok", "dense", weight, bias, 10, leaky=True)])
    with pytest.raises(BadWeights, match="layer large can reach"):
        certify([Layer("large", "dense", weight, bias * 4, 10, leaky=True)])


def test_a_model_that_could_overflow_is_refused():
    model = tiny.make()
    bias = model.tensors["draw.up2.bias"] + (1 << 53)
    with pytest.raises(BadWeights, match="up2"):
        build(model.header, {**model.tensors, "draw.up2.bias": bias})


def test_layers_read_only_what_is_before_them():
    one = Layer("one", "dense", np.ones((2, 2), np.int16), np.zeros(2, np.int64), 1)
    with pytest.raises(BadWeights, match="not before"):
        Network([replace(one, plus="two"), replace(one, name="two")])
    with pytest.raises(BadWeights, match="two layers"):
        Network([one, one])


@functools.cache
def _reference():
    model = tiny.make()
    return Reference(model.header, model.tensors)


@functools.cache
def _tiny():
    with tempfile.TemporaryDirectory() as folder:
        tiny.write(Path(folder))
        return load_model(folder)
