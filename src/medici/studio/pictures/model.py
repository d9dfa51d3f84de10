"""A picture model that can be sampled: latents, steering, exact networks, finishing."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import BadWeights, WrongUse
from medici.records import Digest, ModelRecord, Rendering
from medici.studio.checking import check_seed, colour_bytes
from medici.studio.exact import latents
from medici.studio.exact.identity import RENDERER
from medici.studio.exact.network import HIGHEST, LOWEST, ONE
from medici.studio.exact.sequence import OPEN
from medici.studio.pictures import finish, vector
from medici.studio.pictures.quality import STATISTICS, Statistics
from medici.studio.pictures.style import KEYS, Style, parse_style, read_codes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.records import ModelId
    from medici.studio.exact.identity import ExactModel

    Numbers = NDArray[np.float64]

# Pictures rendered together; enough to keep the products busy, small enough for any memory.
_TOGETHER = 64


class PictureModel:
    """A palette picture generator, rendered exactly.

    Its header's ``about`` holds ``side``, ``smooth`` (doublings from the grid of scores to the
    side; such pictures are enlarged by blending scores), ``transparent``, ``grounds``, ``psi``,
    ``directions`` and ``classes`` (names, perhaps none), ``head`` (``rgb``; ``nearest`` for slots
    whose colours snap to the palette; ``indexed`` for slots that choose palette entries by score)
    and ``latent``: ``{"normal": n}``, or ``{"codes": n}`` for latents that a sequence draws.

    Args:
        exact: networks ``map``, ``draw`` and, with slots, ``colours``; tensors ``mean`` and
            ``palette``, with directions the tensor of that name; with codes the sequence
            ``prior`` and the tensor ``levels``.
        record: the model's record.
        folder: where the model's other files are.

    Raises:
        BadWeights: the exact model is not of this family.
    """

    def __init__(self, exact: ExactModel, record: ModelRecord, folder: Path) -> None:
        self.exact, self.record, self.folder = exact, record, folder
        about = exact.about
        try:
            self.map, self.draw = exact.networks["map"], exact.networks["draw"]
            self.smooth = int(about["smooth"])
            self.directions = tuple(about["directions"])
            self.head, self.classes = str(about["head"]), tuple(about["classes"])
            if self.head != "rgb":
                self.colours = exact.networks["colours"]
            self.mean = exact.tensors["mean"].astype(np.float64)
            self.palette: NDArray[np.uint8] = exact.tensors["palette"]
            self.side, self.transparent = int(about["side"]), bool(about["transparent"])
            self.grounds = np.array(about["grounds"], np.int64).reshape(-1, 3)
            self.psi = int(about["psi"])
            self.normal = int(about["latent"].get("normal", 0))
            self.codes = int(about["latent"].get("codes", 0))
            self.steps = latents.NORMAL_LEVELS
            if self.codes:
                self.prior = exact.sequences["prior"]
                self.levels = exact.tensors["levels"].astype(np.float64)
                self.steps = len(self.levels)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadWeights(f"{folder} holds no picture model: {error}") from error

    @property
    def id(self) -> ModelId:
        """The model's identity on the chain: the Merkle root over its integers."""
        return self.record.id

    @property
    def keys(self) -> Mapping[str, str]:
        """Style keys that this model understands, each with a sentence on its values."""
        without = {
            "colours_from": self.head == "rgb",
            "class": not self.classes,
            "directions": not self.directions,
            "ground": not self.transparent,
        }
        return {k: v for k, v in KEYS.items() if not without.get(k)}

    @cached_property
    def statistics(self) -> Statistics:
        """What the training pictures look like, for the filters.

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
        return parse_style(
            style,
            self.psi,
            side=self.side,
            codes=self.codes or self.normal,
            levels=self.steps,
            classes=self.classes,
            rgb=self.head == "rgb",
            directions=self.directions,
            smooth=bool(self.smooth),
        )

    def sample(self, seed: int, style: Mapping[str, Any] | None = None) -> Rendering:
        """One work.

        Args:
            seed: 0 to 2^53 - 1.
            style: see `medici.studio.pictures.style.KEYS`; what is left open is the default.

        Returns:
            (side·scale, side·scale, 4) uint8 pixels and the full style they were made under.

        Raises:
            BadStyle: seed or style cannot be used.
        """
        return self.sample_many([seed], style)[0]

    def sample_many(
        self, seeds: Sequence[int], style: Mapping[str, Any] | None = None
    ) -> list[Rendering]:
        """One work a seed, in order; each equals what `sample` makes of its seed.

        Raises:
            BadStyle: a seed or the style cannot be used.
        """
        parsed = self.parse(style)
        told = parsed.as_json()
        out = []
        together = 1 if self.smooth else _TOGETHER
        for start in range(0, len(seeds), together):
            some = seeds[start : start + together]
            for seed, picture in zip(some, self._render(some, parsed, parsed.scale), strict=True):
                large = picture if self.smooth else finish.enlarge(picture, parsed.scale)
                out.append(Rendering(large, int(seed), dict(told)))
        return out

    def natives(
        self, seeds: Sequence[int], style: Mapping[str, Any] | None = None
    ) -> NDArray[np.uint8]:
        """The pictures at native size, before enlargement: (n, side, side, 4) uint8."""
        parsed = self.parse(style)
        parts = [
            self._render(seeds[i : i + _TOGETHER], parsed) for i in range(0, len(seeds), _TOGETHER)
        ]
        none = np.zeros((0, self.side, self.side, 4), np.uint8)
        return np.concatenate(parts) if parts else none

    def encode(self, path: Path) -> Rendering:
        """Projection: the work of this model nearest to a picture file.

        Raises:
            BadData: the file is no picture.
            MissingPart: the model has normals, and the library that searches them is not there.
        """
        from medici.studio.data.folder import read_picture
        from medici.studio.pictures.projection import project

        return self.sample(0, project(self, read_picture(path, self.side)))

    @property
    def forms(self) -> Sequence[str]:
        """Files a picture can be had as: curves, where it is smooth."""
        return ("svg",) if self.smooth and self.head != "rgb" else ()

    def export(self, work: Rendering, form: str) -> bytes:
        """The work in another form: a smooth picture as SVG.

        Raises:
            WrongUse: `form` is none of `forms`.
            BadStyle: the work's seed or style cannot be this model's.
        """
        if form not in self.forms:
            has = "forms: " + ", ".join(self.forms) if self.forms else "its file is the picture"
            raise WrongUse(f"a picture cannot be had as {form!r}", has)
        style = self.parse(work.style)
        h, donor, drawn = self._told([work.seed], style)
        scores, colours, grounds = self._slots(h, style, drawn, donor)
        painted: list[tuple[int, ...] | None] = [tuple(c) for c in colours[0].tolist()]
        if self.transparent:
            painted.insert(0, None if grounds is None else tuple(grounds[0].tolist()))
        title = f"{work.kind} {work.seed} by {self.record.name}"
        return vector.svg(scores[0], painted, self.smooth, self.side * style.scale, title)

    def latent(self, seeds: Sequence[int], style: Style) -> Numbers:
        """Latents of seeds, (n, latent) Q10: specification section 5.1."""
        return self.placed(self.tokens(seeds, style), self.kinds(seeds, style))

    def tokens(self, seeds: Sequence[int], style: Style) -> NDArray[np.int64]:
        """Numbers from 0 that the latents of seeds are, (n, k): those of the style if it has any.

        Codes are drawn at the style's temperature; normals are sums of twelve bytes.
        """
        if style.codes is not None:
            return np.tile(np.array(read_codes(style.codes, self.steps), np.int64), (len(seeds), 1))
        if not self.codes:
            data = latents.streams("latent", seeds, self.normal * latents.BYTES_A_NORMAL)
            return latents.sums(data)
        noise = self.prior.noise("codes", seeds, self.codes)
        given = np.full((len(seeds), self.codes), OPEN, np.int64)
        told = None
        if self.classes:
            kind = 0 if style.kind is None else 1 + self.classes.index(style.kind)
            told = np.full((len(seeds), self.codes, 1), kind, np.int64)
        return self.prior.draw(noise, style.psi, given, told)

    def kinds(self, seeds: Sequence[int], style: Style) -> NDArray[np.int64]:
        """Classes of seeds, (n,): the style's, else the seed's own; 0 where there are none."""
        if style.kind is not None:
            return np.full(len(seeds), self.classes.index(style.kind))
        if not self.classes:
            return np.zeros(len(seeds), np.int64)
        data = latents.streams("class", seeds, latents.BYTES_A_DRAW)
        return latents.draws(data)[:, 0] % len(self.classes)

    def placed(self, numbers: NDArray[np.int64], kinds: NDArray[np.int64]) -> Numbers:
        """Latents of numbers and classes, (n, k) and (n,) → (n, latent) Q10."""
        if self.codes:
            return self.levels[numbers]
        z = latents.centred(numbers)
        if not self.classes:
            return z
        hot = (kinds[:, None] == np.arange(len(self.classes))) * float(ONE)
        return np.concatenate([z, hot], 1)

    def _render(self, seeds: Sequence[int], style: Style, scale: int = 1) -> NDArray[np.uint8]:
        h, donor, drawn = self._told(seeds, style)
        return self.paint(h, style, drawn, scale, donor)

    def _told(
        self, seeds: Sequence[int], style: Style
    ) -> tuple[Numbers, Numbers | None, NDArray[np.uint8]]:
        """What a picture is painted from: mapped latents, those of a donor, bytes for grounds."""
        seeds = [check_seed(s) for s in seeds]
        h = self._steered(seeds, style)
        donor = None if style.colours_from is None else self._steered([style.colours_from], style)
        return h, donor, latents.streams("ground", seeds, 1)[:, 0]

    def paint(
        self,
        h: Numbers,
        style: Style,
        drawn: NDArray[np.uint8],
        scale: int = 1,
        donor: Numbers | None = None,
    ) -> NDArray[np.uint8]:
        """Pictures of mapped latents, (n, M) → (n, side, side, 4) uint8.

        With a `donor`, (1, M), they wear the colours of its picture. A smooth model draws them
        `scale` times as large, a power of two; others leave that to
        `medici.studio.pictures.finish.enlarge`.
        """
        if self.head == "rgb":
            return self._coloured_pixels(self.draw(h), style, drawn)
        scores, colours, grounds = self._slots(h, style, drawn, donor)
        if self.smooth and scale > 1:
            scores = finish.smooth(scores, scale.bit_length() - 1)
        pictures = finish.paint(_best(scores), colours, transparent=self.transparent)
        return pictures if grounds is None else finish.set_ground(pictures, grounds)

    def _slots(
        self, h: Numbers, style: Style, drawn: NDArray[np.uint8], donor: Numbers | None
    ) -> tuple[NDArray[Any], NDArray[np.uint8], NDArray[np.uint8] | None]:
        """Slots of mapped latents, as `paint` takes them.

        Returns:
            (n, side, side, slots) scores; (n, coloured slots, 3) colours; (n, 3) grounds, or None
            for pictures that have none or stay transparent.
        """
        scores = finish.smooth(self.draw(h), self.smooth)
        mask, colours = _best(scores), self._coloured(h, style)
        if donor is not None:
            worn = self._coloured(donor, style)[0]
            by = _best(finish.smooth(self.draw(donor), self.smooth))[0]
            colours = np.stack(
                [
                    finish.dressed(one, own, by, worn, transparent=self.transparent)
                    for one, own in zip(mask, colours, strict=True)
                ]
            )
        if not self.transparent or style.ground == "transparent":
            return scores, colours, None
        if style.ground == "auto":
            return scores, colours, finish.choose_grounds(mask, colours, drawn, self.grounds)
        grounds = np.tile(np.array(colour_bytes(style.ground), np.uint8), (len(h), 1))
        return scores, colours, grounds

    def _coloured_pixels(
        self, values: Numbers, style: Style, drawn: NDArray[np.uint8]
    ) -> NDArray[np.uint8]:
        pictures = finish.rgb(values, transparent=self.transparent)
        if style.palette:
            palette = np.array([colour_bytes(c) for c in style.palette], np.uint8)
            snapped = finish.nearest(pictures[..., :3], palette)
            pictures[..., :3] = np.where(pictures[..., 3:] > 0, snapped, 0)
        if not self.transparent or style.ground == "transparent":
            return pictures
        grounds = np.asarray(self.grounds[drawn % len(self.grounds)], np.uint8)
        if style.ground != "auto":
            grounds = np.tile(np.array(colour_bytes(style.ground), np.uint8), (len(values), 1))
        return finish.set_ground(pictures, grounds)

    def _coloured(self, h: Numbers, style: Style) -> NDArray[np.uint8]:
        """Colours of the slots, (n, M) → (n, coloured slots, 3) uint8."""
        own = self.palette
        if style.palette:
            own = np.array([colour_bytes(c) for c in style.palette], np.uint8)
        values = self.colours(h)
        if self.head == "nearest":
            return finish.snap(values.reshape(len(h), -1, 3).astype(np.int64), own)
        chosen = self.palette[values.reshape(len(h), -1, len(self.palette)).argmax(-1)]
        return finish.nearest(chosen, own) if style.palette else chosen

    def _steered(self, seeds: Sequence[int], style: Style) -> Numbers:
        h = self.map(self.latent(seeds, style))
        if style.blend_seed is not None:
            other = self.map(self.latent([style.blend_seed], style.free()))
            h = between(h, np.repeat(other, len(h), 0), style.blend_amount)
        # Codes are drawn at the style's temperature; normals are pulled towards the mean.
        if not self.codes and style.psi != 1000:
            h = between(self.mean, h, style.psi)
        for name, amount in style.directions:
            step = self.exact.tensors["directions"][self.directions.index(name)].astype(np.int64)
            h = np.clip(h + (step * amount) // 1000, LOWEST, HIGHEST)
        return h


def _best(scores: NDArray[Any]) -> NDArray[np.uint8]:
    """The slot of each pixel: numpy takes the first of equals, as the specification asks."""
    return np.asarray(scores.argmax(-1), np.uint8)


def between(a: Numbers, b: Numbers, thousandths: int) -> Numbers:
    """From a (0) to b (1000), in integers."""
    # Integer floor division: a float quotient could round up to a whole number.
    step = ((b - a).astype(np.int64) * thousandths) // 1000
    return np.asarray(np.clip(a + step, LOWEST, HIGHEST))


def preview(exact: ExactModel) -> PictureModel:
    """A model that has no record yet, for judging and looking while it is trained."""
    from pathlib import Path

    nothing = Digest("0" * 64)
    record = ModelRecord(exact.id, "preview", RENDERER, nothing, nothing, "not stated")
    return PictureModel(exact, record, Path())
