"""An icon model that can be sampled: seeds to codes to a grey picture to ink, all in integers."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import BadWeights, WrongUse
from medici.logs import logger
from medici.records import Digest, ModelId, ModelRecord, Rendering
from medici.studio.checking import check_seed, colour_bytes
from medici.studio.exact import latents
from medici.studio.exact.network import ONE
from medici.studio.exact.sequence import OPEN
from medici.studio.icons import finish, vector
from medici.studio.icons.data import read_icon
from medici.studio.icons.quality import STATISTICS, Statistics
from medici.studio.icons.style import (
    ANY,
    KEYS,
    OPEN_CELL,
    Style,
    parse_style,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.studio.exact.identity import ExactModel

    Grey = NDArray[np.uint8]

# Icons rendered together; enough to keep the products busy, small enough for any memory.
_TOGETHER = 64


class IconModel:
    """An icon generator, rendered exactly.

    Args:
        exact: the integers.
        record: the model's record.
        folder: where the model's other files are.
    """

    kind = "icon"

    def __init__(self, exact: ExactModel, record: ModelRecord, folder: Path) -> None:
        self.exact, self.record, self.folder = exact, record, folder
        about = exact.about
        self.body: str = about["body"]
        self.looks: tuple[str, ...] = tuple(about["looks"])
        self.side = int(about["side"])
        self.cells = int(about["grid"]) ** 2 if self.body == "codes" else 0
        self.values = int(np.prod(about["levels"])) if self.body == "codes" else 0

    @property
    def id(self) -> ModelId:
        """The model's identity on the chain: the Merkle root over its integers."""
        return self.record.id

    @property
    def keys(self) -> Mapping[str, str]:
        """Style keys, each with a sentence on its values."""
        return KEYS

    @cached_property
    def statistics(self) -> Statistics:
        """What the training icons look like, for the filter.

        Raises:
            BadWeights: the file is missing, damaged or not the one that the record names.
        """
        path = self.folder / STATISTICS
        statistics = Statistics.load(path)
        if Digest.of(path.read_bytes()) != self.record.training.get("statistics_sha256"):
            raise BadWeights(f"{path} is not the file that the model's record names")
        return statistics

    def parse(self, style: Mapping[str, Any] | None) -> Style:
        """Check a style against this model's schema.

        Raises:
            BadStyle: an unknown key or a value out of range.
        """
        psi = int(self.exact.about["psi"])
        return parse_style(style, psi, [x for x in self.looks if x], self.cells, self.values)

    def sample(self, seed: int, style: Mapping[str, Any] | None = None) -> Rendering:
        """One icon.

        Args:
            seed: 0 to 2^53 - 1.
            style: see `medici.studio.icons.style.KEYS`; what is left open is the default.

        Returns:
            (32·scale, 32·scale, 4) uint8 pixels and the full style they were made under.

        Raises:
            BadStyle: seed or style cannot be used.
        """
        return self.sample_many([seed], style)[0]

    def sample_many(
        self, seeds: Sequence[int], style: Mapping[str, Any] | None = None
    ) -> list[Rendering]:
        """One icon a seed, in order; each equals what `sample` makes of its seed.

        Raises:
            BadStyle: a seed or the style cannot be used.
        """
        parsed = self.parse(style)
        if (problem := parsed.problem()) is not None:
            _warn(problem)
        told = parsed.as_json()
        return [
            Rendering(self.finished(grey, parsed), int(seed), dict(told), kind=self.kind)
            for seed, grey in zip(seeds, self.greys(seeds, style), strict=True)
        ]

    def finished(self, grey: Grey, style: Style) -> NDArray[np.uint8]:
        """A native grey picture as the pixels of the file."""
        ink = finish.coverage(grey, style.scale, style.weight)
        ground = None if style.ground == "transparent" else colour_bytes(style.ground)
        return finish.paint(ink, colour_bytes(style.ink), ground)

    def greys(self, seeds: Sequence[int], style: Mapping[str, Any] | None = None) -> Grey:
        """The icons before finishing: (n, 32, 32) uint8, ink at 255."""
        parsed = self.parse(style)
        checked = [check_seed(s) for s in seeds]
        if not checked:
            return np.zeros((0, self.side, self.side), np.uint8)
        parts = [checked[i : i + _TOGETHER] for i in range(0, len(checked), _TOGETHER)]
        made = np.concatenate([self._drawn(part, parsed) for part in parts])
        return np.stack([finish.symmetric(grey, parsed.symmetry) for grey in made])

    def _drawn(self, seeds: Sequence[int], style: Style) -> Grey:
        looks = self.looks_of(seeds, style.look)
        if self.body == "codes":
            return self.decode(self.tokens(seeds, looks, style))
        about = self.exact.about
        data = latents.streams("latent", seeds, about["latent"] * latents.BYTES_A_NORMAL)
        z = np.floor(latents.normals(data) * style.psi / 1000)
        hot = (looks[:, None] == np.arange(len(self.looks))) * float(ONE)
        return self._grey(self.exact.networks["drawer"](np.concatenate([z, hot], axis=1)))

    def looks_of(self, seeds: Sequence[int], look: str = ANY) -> NDArray[np.int64]:
        """Which look each seed draws, as often as the training icons have it, or the given one."""
        if look != ANY:
            return np.full(len(seeds), self.looks.index(look))
        data = latents.streams("look", seeds, 2).astype(np.int64)
        drawn = data[:, 0] << 8 | data[:, 1]
        return np.asarray(np.searchsorted(self.exact.about["ends"], drawn, side="right"))

    def tokens(
        self, seeds: Sequence[int], looks: NDArray[np.int64], style: Style
    ) -> NDArray[np.int64]:
        """Codes of seeds, (n, cells); given cells are kept.

        Raises:
            WrongUse: this model has no codes.
        """
        if not self.cells:
            raise WrongUse("this model draws without codes", "use a model with body codes")
        prior = self.exact.sequences["prior"]
        given = None
        if style.codes is not None:
            given = np.repeat(codes_to_tokens(style.codes)[None], len(seeds), axis=0)
        told = np.repeat(looks[:, None, None], self.cells, axis=1)
        noise = prior.noise("codes", seeds, self.cells)
        return prior.draw(noise, style.psi, given, told)

    def decode(self, tokens: NDArray[np.int64]) -> Grey:
        """Codes → grey pictures, (n, cells) → (n, 32, 32) uint8."""
        about = self.exact.about
        grid, parts, rest = int(about["grid"]), [], tokens
        for table in reversed(about["codes"]):
            parts.append(np.array(table, np.float64)[rest % len(table)])
            rest = rest // len(table)
        codes = np.stack(parts[::-1], axis=-1).reshape(len(tokens), grid, grid, -1)
        return self._grey(self.exact.networks["decoder"](codes))

    def encode_tokens(self, greys: Grey) -> NDArray[np.int64]:
        """Grey pictures → codes, (n, 32, 32) uint8 → (n, cells).

        Raises:
            WrongUse: this model has no encoder.
        """
        if not self.cells:
            raise WrongUse(
                "this model has no way from a picture back to its latents",
                "use a model with body codes",
            )
        x = np.floor((2.0 * greys[..., None] - 255) * ONE / 255)
        numbers = self.exact.networks["encoder"](x)
        out = np.zeros(numbers.shape[:3], np.int64)
        for i, marks in enumerate(self.exact.about["thresholds"]):
            at_least = (numbers[..., i, None] >= np.array(marks)).sum(-1)
            out = out * (len(marks) + 1) + at_least
        return out.reshape(len(greys), -1)

    def coherence(self, greys: Grey, looks: NDArray[np.int64]) -> NDArray[np.int64]:
        """How far an icon's codes lie below those the prior likes best, summed, in Q10: (n,) ≤ 0.

        Args:
            greys: (n, 32, 32) uint8.
            looks: (n,).

        Raises:
            WrongUse: this model has no codes.
        """
        tokens = self.encode_tokens(greys)
        told = np.repeat(looks[:, None, None], self.cells, axis=1)
        out = np.zeros(len(greys), np.int64)
        for i in range(0, len(greys), _TOGETHER):
            part = slice(i, i + _TOGETHER)
            scores = self.exact.sequences["prior"].log_scores(tokens[part], told[part])
            drawn = np.take_along_axis(scores, tokens[part][..., None], axis=2)[..., 0]
            out[part] = (drawn - scores.max(2)).sum(1).astype(np.int64)
        return out

    def _grey(self, out: NDArray[np.float64]) -> Grey:
        grey = ((out[..., 0].astype(np.int64) + ONE) * 255 + ONE) >> 11
        return np.asarray(np.clip(grey, 0, 255), np.uint8)

    def encode(self, path: Path) -> Rendering:
        """The icon of this model nearest to a picture or SVG, by the model's own encoder.

        Its style holds the codes; with cells opened (``..``) the model draws variations.

        Raises:
            BadData: the file cannot be used; the message names it.
            WrongUse: this model has no encoder.
        """
        tokens = self.encode_tokens(read_icon(path)[None])[0]
        return self.sample(0, {"codes": tokens_to_codes(tokens), "symmetry": "none"})

    @property
    def forms(self) -> Sequence[str]:
        """Files an icon can be had as: vectors and an icon file."""
        return ("svg", "xml", "ico")

    def export(self, work: Rendering, form: str) -> bytes:
        """The icon as SVG, Android vector drawable (``xml``) or Windows icon (``ico``).

        Raises:
            WrongUse: `form` is none of `forms`.
            BadStyle: the work's seed or style cannot be this model's.
        """
        if form not in self.forms:
            raise WrongUse(f"icons have no form {form!r}", "forms: " + ", ".join(self.forms))
        grey, style = self.greys([work.seed], work.style)[0], self.parse(work.style)
        if form == "svg":
            return vector.svg(grey, style, work.seed)
        return vector.drawable(grey, style) if form == "xml" else vector.ico(grey, style)


@lru_cache(maxsize=64)
def _warn(problem: str) -> None:
    """Once for each pair of colours: batches and campaigns sample icon by icon."""
    logger("studio").warning("icons can hardly be seen", problem=problem)


def tokens_to_codes(tokens: NDArray[np.int64]) -> str:
    """Codes as a style carries them: two hex digits a cell, ``..`` for an open one."""
    return "".join(OPEN_CELL if t == OPEN else f"{t:02x}" for t in tokens.tolist())


def codes_to_tokens(codes: str) -> NDArray[np.int64]:
    """What `tokens_to_codes` wrote."""
    pairs = [codes[i : i + 2] for i in range(0, len(codes), 2)]
    return np.array([OPEN if p == OPEN_CELL else int(p, 16) for p in pairs], np.int64)
