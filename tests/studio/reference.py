"""The exact renderer in plain Python integers, written from docs/spec/exact-renderer.md alone."""

from __future__ import annotations

import hashlib
from typing import Any

from medici.studio.pictures.style import Style, colour_bytes


def clip(a: int) -> int:
    return max(-32768, min(32767, a))


class Reference:
    """Specification sections 2 to 5; arrays are nested lists, numbers are Python integers."""

    def __init__(self, header: dict[str, Any], tensors: dict[str, Any]) -> None:
        self.header = header
        self.t = {name: tensor.tolist() for name, tensor in tensors.items()}
        self.about = {layer["name"]: layer for layer in header["layers"]}

    def latent(self, seed: int) -> tuple[list[int], int]:
        about = self.header["latent"]
        n, d, v = about["normal"], about["codes"], about["values"]
        shake = hashlib.shake_256(b"medici/exact/1/latent" + seed.to_bytes(32, "big"))
        stream = shake.digest(12 * n + d + 1)
        z = [4 * (sum(stream[12 * i : 12 * i + 12]) - 1530) for i in range(n)] + [0] * (d * v)
        for j in range(d):
            z[n + j * v + stream[12 * n + j] % v] = 1024
        return z, stream[-1]

    def settle(self, name: str, weights: list[int], inputs: list[int], bias: int) -> int:
        acc = bias
        for w, a in zip(weights, inputs, strict=True):
            acc += w * a
            assert abs(acc) < 1 << 53
        if self.about[name]["shift"] == 0:
            return acc
        value = acc >> self.about[name]["shift"]
        if self.about[name]["leaky"]:
            value = max(value, (3 * value) >> 4)
        return clip(value)

    def dense(self, name: str, inputs: list[int]) -> list[int]:
        weights, bias = self.t[f"{name}.weight"], self.t[f"{name}.bias"]
        return [self.settle(name, w, inputs, b) for w, b in zip(weights, bias, strict=True)]

    def gather(self, x: list[Any], rows: range, columns: range) -> list[int]:
        side, channels = len(x), len(x[0][0])
        out: list[int] = []
        for y in rows:
            for z in columns:
                inside = 0 <= y < side and 0 <= z < side
                out += x[y][z] if inside else [0] * channels
        return out

    def up(self, name: str, x: list[Any]) -> list[Any]:
        side, bias = len(x), self.t[f"{name}.bias"]
        out: list[Any] = [[None] * (2 * side) for _ in range(2 * side)]
        for y in range(side):
            for z in range(side):
                for p in (0, 1):
                    for q in (0, 1):
                        rows, columns = range(y + p - 1, y + p + 1), range(z + q - 1, z + q + 1)
                        inputs = self.gather(x, rows, columns)
                        weights = self.t[f"{name}.weight"][2 * p + q]
                        out[2 * y + p][2 * z + q] = [
                            self.settle(name, w, inputs, b)
                            for w, b in zip(weights, bias, strict=True)
                        ]
        return out

    def conv(self, name: str, x: list[Any]) -> list[Any]:
        weights, bias = self.t[f"{name}.weight"], self.t[f"{name}.bias"]
        out = []
        for y in range(len(x)):
            row = []
            for z in range(len(x)):
                inputs = self.gather(x, range(y - 1, y + 2), range(z - 1, z + 2))
                row.append(
                    [self.settle(name, w, inputs, b) for w, b in zip(weights, bias, strict=True)]
                )
            out.append(row)
        return out

    def steered(self, seed: int, style: Style) -> list[int]:
        h = self.dense("mapping", self.latent(seed)[0])
        if style.blend_seed is not None:
            h2 = self.dense("mapping", self.latent(style.blend_seed)[0])
            amount = style.blend_amount
            h = [clip(a + ((b - a) * amount) // 1000) for a, b in zip(h, h2, strict=True)]
        if style.psi != 1000:
            mean = self.t["mean"]
            h = [clip(m + ((a - m) * style.psi) // 1000) for a, m in zip(h, mean, strict=True)]
        return h

    def mask(self, h: list[int]) -> list[list[int]]:
        flat = self.dense("seed", h)
        c = len(flat) // 16
        x = [[flat[(y * 4 + z) * c : (y * 4 + z + 1) * c] for z in range(4)] for y in range(4)]
        scores = self.conv("mask", self.up("up2", self.up("up1", x)))
        return [[s.index(max(s)) for s in row] for row in scores]

    def colours(self, h: list[int], palette: list[list[int]]) -> list[list[int]]:
        flat = self.dense("colour2", self.dense("colour1", h))
        out = []
        for t in range(len(flat) // 3):
            v = flat[3 * t : 3 * t + 3]
            gaps = [
                sum((255 * v[c] - 1024 * (2 * p[c] - 255)) ** 2 for c in range(3)) for p in palette
            ]
            out.append(palette[gaps.index(min(gaps))])
        return out

    def ground(self, mask: list[list[int]], colours: list[list[int]], byte: int) -> list[int]:
        touching = [0] * (len(colours) + 1)
        for y in range(16):
            for x in range(16):
                near = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
                bare = [0 <= a < 16 and 0 <= b < 16 and mask[a][b] == 0 for a, b in near]
                touching[mask[y][x]] += any(bare)
        counting = [colours[t - 1] for t in range(1, len(touching)) if touching[t] >= 6]
        grounds = self.header["grounds"]
        first = byte % len(grounds)
        for step in range(len(grounds)):
            ground: list[int] = grounds[(first + step) % len(grounds)]
            if all(
                sum((a - b) ** 2 for a, b in zip(ground, c, strict=True)) >= 3000 for c in counting
            ):
                return ground
        chosen: list[int] = grounds[first]
        return chosen

    def pixels(self, seed: int, style: Style) -> bytes:
        """RGBA bytes of the finished picture, row by row."""
        h = self.steered(seed, style)
        mask = self.mask(h)
        source = h if style.colours_from is None else self.steered(style.colours_from, style)
        palette = self.t["palette"]
        if style.palette:
            palette = [list(colour_bytes(c)) for c in style.palette]
        colours = self.colours(source, palette)
        if self.header["transparent"]:
            table = [[0, 0, 0, 0], *([*c, 255] for c in colours)]
            if style.ground == "auto":
                table[0] = [*self.ground(mask, colours, self.latent(seed)[1]), 255]
            elif style.ground != "transparent":
                table[0] = [*colour_bytes(style.ground), 255]
        else:
            table = [[*c, 255] for c in colours]
        out = b""
        for row in mask:
            line = b"".join(bytes(table[slot]) * style.scale for slot in row)
            out += line * style.scale
        return out
