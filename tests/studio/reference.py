"""The exact renderer in plain Python integers, written from docs/spec/exact-renderer.md alone."""

from __future__ import annotations

import hashlib
from itertools import chain
from typing import TYPE_CHECKING, Any

from medici.studio.checking import colour_bytes

if TYPE_CHECKING:
    from medici.studio.pictures.style import Style


def clip(a: int) -> int:
    return max(-32768, min(32767, a))


def stream(use: str, seed: int, length: int) -> bytes:
    data = b"medici/exact/2/" + use.encode() + b"\0" + seed.to_bytes(32, "big")
    return hashlib.shake_256(data).digest(length)


def settle(acc: int, shift: int, leaky: bool = False, plus: int = 0) -> int:
    assert abs(acc) < 1 << 53
    if shift == 0:
        return acc
    value = acc >> shift
    if leaky:
        value = max(value, (3 * value) >> 4)
    return clip(value + plus)


class Reference:
    """Specification sections 2 to 5; arrays are nested lists, numbers are Python integers."""

    def __init__(self, header: dict[str, Any], tensors: dict[str, Any]) -> None:
        self.header, self.about = header, header["about"]
        self.t = {name: tensor.tolist() for name, tensor in tensors.items()}

    # Section 3: a picture is a list of rows of places, a place a list of channels.

    def network(self, prefix: str, layers: list[dict[str, Any]], x: Any) -> Any:
        seen = {"input": x}
        for layer in layers:
            given = seen[layer["source"]] if "source" in layer else x
            plus = seen[layer["plus"]] if "plus" in layer else None
            x = getattr(self, layer["kind"])(f"{prefix}.{layer['name']}", layer, given, plus)
            seen[layer["name"]] = x
        return x

    def outputs(
        self, name: str, layer: dict[str, Any], inputs: list[int], plus: Any, phase: Any = None
    ) -> list[int]:
        weights, bias = self.t[f"{name}.weight"], self.t[f"{name}.bias"]
        if phase is not None:
            weights = weights[phase]
        out = []
        for o, row in enumerate(weights):
            acc = bias[o] + sum(w * a for w, a in zip(row, inputs, strict=True))
            more = plus[o] if plus is not None else 0
            out.append(settle(acc, layer["shift"], layer.get("leaky", False), more))
        return out

    def dense(self, name: str, layer: dict[str, Any], x: Any, plus: Any) -> Any:
        if isinstance(x[0], list):
            return [
                self.dense(name, layer, part, plus[i] if plus is not None else None)
                for i, part in enumerate(x)
            ]
        flat = self.outputs(name, layer, x, plus)
        if "grid" not in layer:
            return flat
        h, w = layer["grid"]
        c = len(flat) // (h * w)
        return [[flat[(y * w + z) * c : (y * w + z + 1) * c] for z in range(w)] for y in range(h)]

    def at(self, x: Any, y: int, z: int, wrap: bool) -> list[int]:
        if wrap:
            place: list[int] = x[y % len(x)][z % len(x[0])]
            return place
        inside = 0 <= y < len(x) and 0 <= z < len(x[0])
        return x[y][z] if inside else [0] * len(x[0][0])

    def gather(self, x: Any, rows: range, columns: range, layer: dict[str, Any]) -> list[int]:
        wrap = layer.get("wrap", False)
        return [a for y in rows for z in columns for a in self.at(x, y, z, wrap)]

    def conv(self, name: str, layer: dict[str, Any], x: Any, plus: Any) -> Any:
        return [
            [
                self.outputs(
                    name,
                    layer,
                    self.gather(x, range(y - 1, y + 2), range(z - 1, z + 2), layer),
                    plus[y][z] if plus is not None else None,
                )
                for z in range(len(x[0]))
            ]
            for y in range(len(x))
        ]

    def up(self, name: str, layer: dict[str, Any], x: Any, plus: Any) -> Any:
        out: list[Any] = [[None] * (2 * len(x[0])) for _ in range(2 * len(x))]
        for y in range(2 * len(x)):
            for z in range(2 * len(x[0])):
                (a, p), (b, q) = divmod(y, 2), divmod(z, 2)
                rows, columns = range(a + p - 1, a + p + 1), range(b + q - 1, b + q + 1)
                inputs = self.gather(x, rows, columns, layer)
                more = plus[y][z] if plus is not None else None
                out[y][z] = self.outputs(name, layer, inputs, more, 2 * p + q)
        return out

    def down(self, name: str, layer: dict[str, Any], x: Any, plus: Any) -> Any:
        return [
            [
                self.outputs(
                    name,
                    layer,
                    self.gather(x, range(2 * y - 1, 2 * y + 3), range(2 * z - 1, 2 * z + 3), layer),
                    plus[y][z] if plus is not None else None,
                )
                for z in range(len(x[0]) // 2)
            ]
            for y in range(len(x) // 2)
        ]

    def bilinear(self, name: str, layer: dict[str, Any], x: Any, plus: Any) -> Any:
        wrap = layer.get("wrap", False)

        def far(place: int, phase: int, size: int) -> int:
            other = place + 2 * phase - 1
            return other % size if wrap else min(max(other, 0), size - 1)

        out = []
        for y in range(2 * len(x)):
            row = []
            for z in range(2 * len(x[0])):
                a, b = y // 2, z // 2
                u, w = far(a, y % 2, len(x)), far(b, z % 2, len(x[0]))
                near = zip(x[a][b], x[u][b], x[a][w], x[u][w], strict=True)
                row.append(
                    [
                        settle(
                            8 + 9 * m + 3 * n + 3 * o + p,
                            4,
                            layer.get("leaky", False),
                            plus[y][z][c] if plus is not None else 0,
                        )
                        for c, (m, n, o, p) in enumerate(near)
                    ]
                )
            out.append(row)
        return out

    # Section 4.

    def draw(
        self,
        name: str,
        use: str,
        seed: int,
        length: int,
        psi: int,
        told: list[list[int]] | None = None,
    ) -> list[int]:
        about = self.header["sequences"][name]
        t = {k.removeprefix(name + "."): v for k, v in self.t.items() if k.startswith(name + ".")}
        values = len(t["tables"][0])
        data = stream(use, seed, 2 * length * values)
        draws = [(256 * a + b) >> 4 for a, b in zip(data[::2], data[1::2], strict=True)]
        tokens: list[int] = []
        for position in range(length):
            if about.get("reads"):
                pairs = about["reads"][position % len(about["reads"])]
                rows = [t["tables"][i][tokens[position - d]] for d, i in pairs if d <= position]
            elif about.get("relative"):
                backs = range(1, min(position, len(t["tables"])) + 1)
                rows = [t["tables"][d - 1][tokens[position - d]] for d in backs]
            else:
                rows = [t["tables"][j][tokens[j]] for j in range(position)]
            if told is not None:
                rows += [t["conditions"][q][u] for q, u in enumerate(told[position])]
            hidden = []
            for c, bias in enumerate(t["positions"][position % len(t["positions"])]):
                acc = bias + 1024 * sum(row[c] for row in rows)
                hidden.append(settle(acc, about["shift"], leaky=True))
            hidden = self.network(name, about["blocks"], hidden)
            head = position % len(t["heads"])
            best = []
            for v in range(values):
                row = t["heads"][head][v]
                acc = t["offsets"][head][v] + sum(w * a for w, a in zip(row, hidden, strict=True))
                noise = t["noise"][draws[position * values + v]]
                best.append(1000 * settle(acc, about["score_shift"]) + psi * noise)
            tokens.append(best.index(max(best)))
        return tokens

    # Section 5.

    def latent(self, seed: int, style: Style) -> list[int]:
        if "normal" in self.about["latent"]:
            n = self.about["latent"]["normal"]
            data = stream("latent", seed, 12 * n)
            return [4 * (sum(data[12 * i : 12 * i + 12]) - 1530) for i in range(n)]
        n = self.about["latent"]["codes"]
        tokens = [int(c) for c in style.codes or ""]
        if not tokens:
            tokens = self.draw("prior", "codes", seed, n, style.psi)
        return [self.t["levels"][token] for token in tokens]

    def named(self, network: str, x: Any) -> Any:
        return self.network(network, self.header["networks"][network], x)

    def steered(self, seed: int, style: Style) -> list[int]:
        h: list[int] = self.named("map", self.latent(seed, style))
        if style.blend_seed is not None:
            h2 = self.named("map", self.latent(style.blend_seed, style.free()))
            amount = style.blend_amount
            h = [clip(a + ((b - a) * amount) // 1000) for a, b in zip(h, h2, strict=True)]
        if "normal" in self.about["latent"] and style.psi != 1000:
            mean = self.t["mean"]
            h = [clip(m + ((a - m) * style.psi) // 1000) for a, m in zip(h, mean, strict=True)]
        for name, amount in style.directions:
            step = self.t["directions"][self.about["directions"].index(name)]
            h = [clip(a + (d * amount) // 1000) for a, d in zip(h, step, strict=True)]
        return h

    def mask(self, h: list[int]) -> list[list[int]]:
        scores = self.named("draw", h)
        return [[s.index(max(s)) for s in row] for row in scores]

    def colours(self, h: list[int], palette: list[list[int]]) -> list[list[int]]:
        flat = self.named("colours", h)
        out = []
        if self.about["head"] == "indexed":
            own = self.t["palette"]
            for t in range(len(flat) // len(own)):
                scores = flat[len(own) * t : len(own) * (t + 1)]
                chosen = own[scores.index(max(scores))]
                if palette is not own:
                    far = [
                        sum((a - b) ** 2 for a, b in zip(chosen, q, strict=True)) for q in palette
                    ]
                    chosen = palette[far.index(min(far))]
                out.append(chosen)
            return out
        for t in range(len(flat) // 3):
            v = flat[3 * t : 3 * t + 3]
            gaps = [
                sum((255 * v[c] - 1024 * (2 * p[c] - 255)) ** 2 for c in range(3)) for p in palette
            ]
            out.append(palette[gaps.index(min(gaps))])
        return out

    def ground(self, mask: list[list[int]], colours: list[list[int]], byte: int) -> list[int]:
        touching = [0] * (len(colours) + 1)
        side = len(mask)
        for y in range(side):
            for x in range(side):
                near = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
                bare = [0 <= a < side and 0 <= b < side and mask[a][b] == 0 for a, b in near]
                touching[mask[y][x]] += any(bare)
        counting = [colours[t - 1] for t in range(1, len(touching)) if touching[t] >= 6]
        grounds = self.about["grounds"]
        first = byte % len(grounds)
        for step in range(len(grounds)):
            ground: list[int] = grounds[(first + step) % len(grounds)]
            if all(
                sum((a - b) ** 2 for a, b in zip(ground, c, strict=True)) >= 3000 for c in counting
            ):
                return ground
        chosen: list[int] = grounds[first]
        return chosen

    def dress(
        self,
        colours: list[list[int]],
        mask: list[list[int]],
        other_mask: list[list[int]],
        other: list[list[int]],
    ) -> None:
        """Give the slots the colours of the other picture's slots that lie where they lie."""
        first = int(self.about["transparent"])
        here, there = (list(chain.from_iterable(rows)) for rows in (mask, other_mask))
        found = []
        for k in range(first, len(colours) + first):
            for q in range(first, len(colours) + first):
                both = sum(a == k and b == q for a, b in zip(here, there, strict=True))
                either = sum(a == k or b == q for a, b in zip(here, there, strict=True))
                overlap = (both << 20) // either if either else 0
                if overlap >= 1 << 16:
                    found.append((-overlap, k, q))
        taken, given = set(), set()
        for _, k, q in sorted(found):
            if k not in taken and q not in given:
                colours[k - first] = other[q - first]
                taken.add(k)
                given.add(q)

    def pixels(self, seed: int, style: Style) -> bytes:
        """RGBA bytes of the finished picture, row by row."""
        h = self.steered(seed, style)
        mask = self.mask(h)
        palette = self.t["palette"]
        if style.palette:
            palette = [list(colour_bytes(c)) for c in style.palette]
        colours = self.colours(h, palette)
        if style.colours_from is not None:
            other = self.steered(style.colours_from, style)
            self.dress(colours, mask, self.mask(other), self.colours(other, palette))
        if self.about["transparent"]:
            table = [[0, 0, 0, 0], *([*c, 255] for c in colours)]
            if style.ground == "auto":
                table[0] = [*self.ground(mask, colours, stream("ground", seed, 1)[0]), 255]
            elif style.ground != "transparent":
                table[0] = [*colour_bytes(style.ground), 255]
        else:
            table = [[*c, 255] for c in colours]
        out = b""
        for row in mask:
            line = b"".join(bytes(table[slot]) * style.scale for slot in row)
            out += line * style.scale
        return out
