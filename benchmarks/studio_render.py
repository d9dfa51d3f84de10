"""Speed of the exact renderer and of its ONNX preview, beside the same networks in PyTorch floats.

python benchmarks/studio_render.py [--quick] [--json] [--model NAME]

One thread, processor seconds, everything in one run: the peers take turns, so that whatever else
the machine does falls on all of them.
"""

from __future__ import annotations

from _reporting import Row, report, row

# isort: split
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.studio.exact.network import SLOPE
from medici.studio.families import load_model

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from medici.studio.exact.network import Layer, Network
    from medici.studio.pictures.model import PictureModel

BULK = 256
BATCH = 64
ONE = 1024
RATE_BAR = 400.0
FINISHED_BAR = 200.0
LATENCY_BAR = 5.0


def fastest(
    works: Mapping[str, Callable[[], object]], repeats: int, block: int = 1
) -> dict[str, float]:
    """Least processor seconds of each: neighbours on the machine only ever add.

    Args:
        works: what takes turns.
        repeats: turns.
        block: goes a turn, so that each works from its own caches, not from the others'.
    """
    best = dict.fromkeys(works, float("inf"))
    for _ in range(repeats):
        for name, work in works.items():
            for _ in range(block):
                start = time.process_time()
                work()
                best[name] = min(best[name], time.process_time() - start)
    return best


class TorchLayers:
    """An exact network in PyTorch float32, weights and all, as an author would run it."""

    def __init__(self, network: Network, *, channels_last: bool) -> None:
        import torch

        self.torch, self.last = torch, channels_last
        self.layers = network.layers
        self.real = {layer.name: self._real(layer) for layer in network.layers}

    def _real(self, layer: Layer) -> Any:
        scale = 2.0**-layer.shift
        weight = layer.weight * scale
        bias = (layer.bias - ((1 << layer.shift) >> 1)) * scale / ONE
        if layer.kind == "conv":
            weight = weight.reshape(len(bias), 3, 3, -1).transpose(0, 3, 1, 2)
        elif layer.kind == "up":
            phases = weight.reshape(2, 2, len(bias), 2, 2, -1)
            weight = np.zeros((phases.shape[-1], len(bias), 4, 4))
            for p, q, a, b in np.ndindex(2, 2, 2, 2):
                weight[:, :, 3 - p - 2 * a, 3 - q - 2 * b] = phases[p, q, :, a, b].T
        elif layer.kind != "dense":
            raise ValueError(f"no peer is written for layers of kind {layer.kind}")
        return [self.torch.from_numpy(np.ascontiguousarray(x)).float() for x in (weight, bias)]

    def __call__(self, x: Any) -> Any:
        functional = self.torch.nn.functional
        kept = {"input": x}
        for layer in self.layers:
            x = kept[layer.source] if layer.source else x
            weight, bias = self.real[layer.name]
            if layer.kind == "dense" and x.ndim == 2:
                x = functional.linear(x, weight, bias)
            elif layer.kind == "up":
                x = functional.conv_transpose2d(x, weight, bias, stride=2, padding=1)
            elif layer.kind == "conv":
                x = functional.conv2d(x, weight, bias, padding=1)
            else:
                x = functional.conv2d(x, weight[:, :, None, None], bias)
            if layer.leaky:
                x = functional.leaky_relu(x, SLOPE)
            if layer.plus:
                x = x + kept[layer.plus]
            if layer.grid:
                x = x.view(len(x), *layer.grid, -1).permute(0, 3, 1, 2)
                kind = self.torch.channels_last if self.last else self.torch.contiguous_format
                x = x.contiguous(memory_format=kind)
            kept[layer.name] = x
        return x


class TorchPictures:
    """A whole picture model in PyTorch float32: latents in, RGBA bytes out."""

    def __init__(self, model: PictureModel, *, channels_last: bool) -> None:
        import torch

        torch.set_num_threads(1)
        self.torch, self.model = torch, model
        self.map = TorchLayers(model.map, channels_last=channels_last)
        self.draw = TorchLayers(model.draw, channels_last=channels_last)
        self.colours = TorchLayers(model.colours, channels_last=channels_last)
        opaque = np.concatenate([model.palette, np.full((len(model.palette), 1), 255)], 1)
        self.opaque = torch.from_numpy(opaque.astype(np.uint8))
        self.marks = torch.from_numpy(model.palette.astype(np.float32) / 127.5 - 1)

    def __call__(self, latent: Any) -> Any:
        torch = self.torch
        with torch.inference_mode():
            h = self.map(latent)
            slots = self.draw(h).argmax(1).flatten(1)
            values = self.colours(h)
            if self.model.head == "indexed":
                chosen = values.view(len(h), -1, len(self.marks)).argmax(-1)
            else:
                values = values.view(len(h), -1, 3)
                chosen = (2 * values @ self.marks.T - (self.marks**2).sum(1)).argmax(-1)
            table = self.opaque[chosen]
            if self.model.transparent:
                table = torch.nn.functional.pad(table, (0, 0, 1, 0))
            pixels = table.gather(1, slots[..., None].expand(-1, -1, 4))
            return pixels.view(len(h), self.model.side, self.model.side, 4)


def onnx_session(model: PictureModel, *, small: bool) -> Any:
    import onnxruntime

    from medici.studio.pictures.preview import onnx_file

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(onnx_file(model, small=small), options)


def floats(model: PictureModel, repeats: int) -> dict[str, float] | None:
    """Seconds of each float runtime at batch 1 and 64; None where they are not installed."""
    try:
        session, whole = onnx_session(model, small=True), onnx_session(model, small=False)
        peers = [TorchPictures(model, channels_last=last) for last in (False, True)]
    except ImportError:
        return None
    latent = (model.latent(range(BATCH), model.parse({})) / ONE).astype(np.float32)
    psi = {} if model.codes else {"psi": np.ones(1, np.float32)}
    told = {}
    for batch in (1, BATCH):
        given = latent[:batch]
        as_torch = peers[0].torch.from_numpy(given)
        works: dict[str, Callable[[], Any]] = {
            "onnx": lambda given=given: session.run(None, {"latent": given, **psi}),
            "whole": lambda given=given: whole.run(None, {"latent": given, **psi}),
            "torch": lambda x=as_torch: peers[0](x),
            "torch last": lambda x=as_torch: peers[1](x),
        }
        for work in works.values():
            work()
        found = fastest(works, repeats, 1 if batch > 1 else 20)
        told[f"onnx {batch}"], told[f"whole {batch}"] = found["onnx"], found["whole"]
        told[f"torch {batch}"] = min(found["torch"], found["torch last"])
    expected = model.natives(range(BATCH), {"ground": "transparent"} if model.transparent else {})
    drawn = session.run(None, {"latent": latent, **psi})[0]
    told["different"] = float((drawn != expected).any(-1).mean())
    told["torch different"] = float((peers[0](as_torch).numpy() != expected).any(-1).mean())
    told["levels"] = grey_levels(model, peers[0], latent)
    return told


def grey_levels(model: PictureModel, peer: TorchPictures, latent: Any) -> float:
    """Largest distance of the exact slots' colours from the floats', in grey levels."""
    if model.head != "nearest":
        return 0.0
    z = np.rint(latent.astype(np.float64) * ONE)
    exact = model.colours(model.map(z)) / ONE
    with peer.torch.inference_mode():
        near = peer.colours(peer.map(peer.torch.from_numpy(latent))).numpy()
    # Beyond black and full light there are no levels.
    gaps = np.clip(exact, -1, 1) - np.clip(near, -1, 1)
    return float(np.abs(gaps).max() * 127.5)


def product_share(model: PictureModel, rate: float, repeats: int) -> tuple[float, float]:
    """GFLOP/s of the renderer, and of a bare float64 product of its commonest shape."""
    side, work = {}, 0.0
    for network in (model.map, model.draw, model.colours):
        cells = 1
        for layer in network.layers:
            cells = layer.grid[0] * layer.grid[1] if layer.grid else cells
            outputs = layer.weight.shape[0] if layer.weight.ndim == 2 else layer.weight[0].shape[0]
            rows = 1 if layer.grid else cells
            phases = 4 if layer.kind == "up" else 1
            mine = 2.0 * rows * phases * layer.weight.shape[-1] * outputs
            work += mine
            side[mine] = (rows, layer.weight.shape[-1], outputs)
            cells *= phases
    rows, depth, outputs = side[max(side)]
    random = np.random.default_rng(0)
    a = np.rint(random.normal(0, ONE, (8 * rows, depth)))
    b = np.rint(random.normal(0, ONE, (depth, outputs)))
    seconds = fastest({"product": lambda: a @ b}, 20 * repeats)["product"]
    return rate * work / 1e9, 2.0 * 8 * rows * depth * outputs / seconds / 1e9


def measure(asked: argparse.Namespace) -> list[Row]:
    name, quick = asked.model, asked.quick
    model: Any = load_model(name)
    repeats = 3 if quick else 10
    model.natives(range(8))
    native = BULK / fastest({"bulk": lambda: model.natives(range(BULK))}, repeats)["bulk"]
    finished = 64 / fastest({"done": lambda: model.sample_many(range(64))}, repeats)["done"]
    singles = {str(s): (lambda s=s: model.sample(s)) for s in range(10)}
    one = min(fastest(singles, max(repeats // 2, 2)).values()) * 1000
    loading = fastest({"load": lambda: load_model(name)}, 3)["load"]
    together = model.natives(range(24))
    alone = sum(int((model.natives([s])[0] != together[s]).any()) for s in range(24))
    mine, bare = product_share(model, native, repeats)
    scale = model.sample(0).pixels.shape[0]
    rows = [
        row(f"{name}, exact, bulk", native, "1/cpu-s", bar=RATE_BAR, better="higher"),
        row(
            f"finished {scale}x{scale} pictures, exact",
            finished,
            "1/cpu-s",
            bar=FINISHED_BAR,
            better="higher",
        ),
        row("one finished picture", one, "ms cpu", bar=LATENCY_BAR),
        row("loading and checking the model", loading, "cpu-s", bar=0.5),
        row("pictures that differ between batch 1 and 24", alone, "of 24", bar=0),
        row(
            "exact renderer (peer: a bare float64 product of its largest shape)",
            mine,
            "GFLOP/s",
            bar=None,
            better="higher",
            peer=bare,
        ),
    ]
    told = floats(model, repeats) if model.head != "rgb" else None
    if told:
        ratios = {b: told[f"torch {b}"] / told[f"onnx {b}"] for b in (1, BATCH)}
        rate = BATCH / told[f"torch {BATCH}"]
        rows[0]["peer"] = round(rate, 1)
        rows[0]["name"] += " (peer: the same networks in PyTorch float32, batch 64)"
        rows += [
            row(
                "preview in ONNX Runtime, large layers in 8 bits, batch 64 (peer: PyTorch)",
                BATCH / told[f"onnx {BATCH}"],
                "1/cpu-s",
                bar=None,
                better="higher",
                peer=rate,
            ),
            row(
                "ONNX Runtime against PyTorch, batch 64",
                ratios[BATCH],
                "times",
                bar=1.0,
                better="higher",
            ),
            row(
                "preview in ONNX Runtime, large layers in 8 bits, one picture (peer: PyTorch)",
                told["onnx 1"] * 1000,
                "ms cpu",
                bar=None,
                peer=told["torch 1"] * 1000,
            ),
            row(
                "ONNX Runtime against PyTorch, one picture",
                ratios[1],
                "times",
                bar=2.0,
                better="higher",
            ),
            *(
                row(
                    f"the same in float32 alone, {words}",
                    told[f"torch {batch}"] / told[f"whole {batch}"],
                    "times",
                    bar=None,
                    better="higher",
                )
                for batch, words in ((BATCH, f"batch {BATCH}"), (1, "one picture"))
            ),
            row(
                "slot colours, exact from float, at most",
                told["levels"],
                "levels",
                bar=1.0,
            ),
            row(
                "pixels of the ONNX preview that differ (peer: of PyTorch)",
                100 * told["different"],
                "%",
                bar=1.0,
                peer=100 * told["torch different"],
            ),
        ]
    return rows


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="portraits", help="a picture model")


if __name__ == "__main__":
    report("studio_render", __doc__, measure, options)
