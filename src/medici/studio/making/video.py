"""Moving pictures: walks through a model's latents, and how a training run came along.

Frames are made by exact pixels and in a fixed order, so that the same call gives the same frames.
MP4 (H.264) goes through PyAV, animated WebP through Pillow, lossless and with transparency.
"""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import MissingPart, WrongUse
from medici.store import atomic_write
from medici.studio.making.colours import rgb
from medici.studio.making.grid import needs
from medici.studio.making.opening import open_pixels
from medici.studio.making.sheet import PAPER
from medici.studio.making.upscale import enlarge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from medici.studio.families import Generator

FORMS = ("mp4", "webp")
_LARGEST_MP4 = 4096


@dataclass(frozen=True, slots=True)
class Walk:
    """A way through a model's latents, from seed to seed.

    Attributes:
        seeds: the works it passes.
        frames: from one work to the next.
        hold: more frames for which each work stands still.
        loop: come back to the first work, so that the film can run for ever.
        between: ``blend`` lets the model draw every frame; ``dissolve`` fades the pictures over,
            for models that cannot blend; ``cut`` shows the works alone.
        style: of all frames.
    """

    seeds: tuple[int, ...]
    frames: int = 24
    hold: int = 6
    loop: bool = True
    between: str = "blend"
    style: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if len(self.seeds) < 2:
            raise WrongUse("a walk passes at least two seeds")
        if self.frames < 1 or self.hold < 0:
            raise WrongUse("a walk has at least one frame from work to work")
        if self.between not in ("blend", "dissolve", "cut"):
            raise WrongUse(f"between works cannot be {self.between!r}", "blend, dissolve or cut")

    @property
    def legs(self) -> list[tuple[int, int]]:
        """The pairs of seeds that it goes between."""
        ends = [*self.seeds[1:], self.seeds[0]] if self.loop else list(self.seeds[1:])
        return list(zip(self.seeds, ends, strict=False))

    def __len__(self) -> int:
        """How many frames there are; the last of a loop is not the first again."""
        return len(self.legs) * (self.frames + self.hold) + (0 if self.loop else 1 + self.hold)

    def film(self, generator: Generator) -> Iterator[NDArray[np.uint8]]:
        """The frames, (h, w, 4) uint8, one by one.

        Where the model sets transparent pictures on a ground, the ground fades from that of the
        one work to that of the other, whatever is drawn in between; a ground given in the style
        stays.

        Raises:
            WrongUse: the model cannot blend.
            BadStyle: a seed or the style cannot be used.
        """
        if self.between == "blend":
            needs(generator, "blend", "walk by blending")
        scene = _Scene(generator, dict(self.style or {}))
        for start, end in self.legs:
            grounds = scene.ground(start), scene.ground(end)
            for frame in range(-self.hold, self.frames):
                yield self._frame(scene, (start, end), grounds, ease(frame, self.frames))
        if not self.loop:
            last = self.seeds[-1]
            for _ in range(1 + self.hold):
                yield scene.draw(last, None, scene.ground(last))

    def _frame(
        self,
        scene: _Scene,
        leg: tuple[int, int],
        grounds: tuple[NDArray[np.int64] | None, NDArray[np.int64] | None],
        amount: int,
    ) -> NDArray[np.uint8]:
        start, end = leg
        if not amount or self.between == "cut":
            return scene.draw(start, None, grounds[0])
        if self.between == "dissolve":
            one = scene.draw(start, None, grounds[0])
            return _fade(one, scene.draw(end, None, grounds[1]), amount).astype(np.uint8)
        ground = None
        if grounds[0] is not None and grounds[1] is not None:
            ground = _fade(grounds[0], grounds[1], amount)
        return scene.draw(start, {"seed": end, "amount": amount / 1000}, ground)


class _Scene:
    """A model, asked for figures and grounds apart where it can hold them apart."""

    def __init__(self, generator: Generator, style: dict[str, Any]) -> None:
        self.generator, self.style = generator, style
        self.apart = "ground" in generator.keys and style.get("ground", "auto") == "auto"
        self._grounds: dict[int, NDArray[np.int64] | None] = {}

    def ground(self, seed: int) -> NDArray[np.int64] | None:
        """The colour that this work stands on by itself, (4,); None where it has none."""
        if not self.apart:
            return None
        if seed not in self._grounds:
            bare = self._pixels(seed, {"ground": "transparent"})[..., 3] == 0
            found = self._pixels(seed, {})[bare]
            self._grounds[seed] = found[0].astype(np.int64) if len(found) else None
        return self._grounds[seed]

    def draw(
        self, seed: int, blend: Mapping[str, Any] | None, ground: NDArray[np.int64] | None
    ) -> NDArray[np.uint8]:
        more = {} if blend is None else {"blend": dict(blend)}
        if ground is None:
            return self._pixels(seed, more)
        picture = self._pixels(seed, {**more, "ground": "transparent"}).copy()
        picture[picture[..., 3] == 0] = ground
        return picture

    def _pixels(self, seed: int, more: Mapping[str, Any]) -> NDArray[np.uint8]:
        return self.generator.sample(seed, {**self.style, **more}).pixels


def ease(frame: int, frames: int) -> int:
    """How far along, in thousandths: slow at both ends (smoothstep), all in integers."""
    if frame <= 0:
        return 0
    return 1000 * frame * frame * (3 * frames - 2 * frame) // frames**3


def _fade(one: NDArray[Any], other: NDArray[Any], amount: int) -> NDArray[np.int64]:
    near, far = one.astype(np.int64), other.astype(np.int64)
    return np.asarray((near * (1000 - amount) + far * amount + 500) // 1000)


def sheets_of(folder: Path) -> list[Path]:
    """Sample sheets of a training run, by step.

    Args:
        folder: the run's, a model's that keeps its run in it, or that of the sheets themselves.

    Raises:
        WrongUse: there are none.
    """
    for place in (folder / "sheets", folder / "run" / "sheets", folder):
        found = sorted(place.glob("*.png"))
        if found:
            return found
    raise WrongUse(f"{folder} holds no sample sheets", "give the folder of a training run")


def progress_film(sheets: Sequence[Path], hold: int = 4) -> Iterator[NDArray[np.uint8]]:
    """The sample sheets of a training run as a film, in the order given; the last one stays longer.

    Args:
        sheets: picture files of one size.
        hold: frames for each; the last is shown six times as long.

    Raises:
        WrongUse: none given, or sizes differ.
        UnreadableFile: a file is no picture.
    """
    if not sheets:
        raise WrongUse("there are no sample sheets to make a film of")
    first = None
    for i, path in enumerate(sheets):
        frame = open_pixels(path, "sheet")
        first = frame.shape if first is None else first
        if frame.shape != first:
            raise WrongUse(
                f"{path} is {frame.shape[1]}×{frame.shape[0]} pixels, the first sheet "
                f"{first[1]}×{first[0]}",
                "a film's pictures have one size",
            )
        for _ in range(hold * (6 if i == len(sheets) - 1 else 1)):
            yield frame


def write_film(
    frames: Iterable[NDArray[np.uint8]],
    path: Path,
    *,
    rate: int = 24,
    factor: int = 1,
    chroma: str = "auto",
    progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Write frames as ``.mp4`` or animated ``.webp``, by the name's suffix; whole or not at all.

    Args:
        frames: (h, w, 3 or 4) uint8, all of one size; read once, one by one.
        path: where to.
        rate: frames a second, 1 to 120.
        factor: exact enlargement of every pixel.
        chroma: of MP4: ``420`` plays everywhere, ``444`` keeps the colour of single pixels;
            ``auto`` takes 420 where pixels come in squares of an even size, which it cannot blur.
        progress: told how many frames are written.

    Returns:
        how many frames were written.

    Raises:
        WrongUse: another suffix, no frames, different sizes, or too large.
        MissingPart: PyAV is not installed.
    """
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in FORMS:
        raise WrongUse(f"{path.name}: films are written as MP4 or WebP", "end the name in .mp4")
    if not 1 <= rate <= 120:
        raise WrongUse(f"{rate} frames a second cannot be", "1 to 120")
    if chroma not in ("auto", "420", "444"):
        raise WrongUse(f"chroma cannot be {chroma!r}", "auto, 420 or 444")
    count = 0

    def counted() -> Iterator[NDArray[np.uint8]]:
        nonlocal count
        shape = None
        for frame in frames:
            shape = frame.shape if shape is None else shape
            if frame.shape != shape:
                raise WrongUse("a film's pictures have one size")
            yield enlarge(frame, factor)
            count += 1
            progress(count)
        if not count:
            raise WrongUse("a film has at least one picture")

    if suffix == "webp":
        atomic_write(path, _webp(counted(), rate), durable=False)
        return count
    path.parent.mkdir(parents=True, exist_ok=True)
    # The index is moved to the front after writing, for which the muxer needs a file of its own.
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        part = Path(folder) / "film.mp4"
        _mp4(part, counted(), rate, chroma)
        part.replace(path)
    return count


def _webp(frames: Iterator[NDArray[np.uint8]], rate: int) -> bytes:
    """Animated WebP, lossless, for ever. Equal frames are joined by the encoder."""
    from PIL import Image

    images = (Image.fromarray(frame) for frame in frames)
    first = next(images)
    out = io.BytesIO()
    # Milliseconds a frame are whole: the film lasts as long as its frames, to one in `rate`.
    first.save(
        out,
        "WEBP",
        save_all=True,
        append_images=images,
        duration=max(1, round(1000 / rate)),
        loop=0,
        lossless=True,
        exact=True,
        quality=60,
        method=2,
        minimize_size=False,
    )
    return out.getvalue()


def _mp4(path: Path, frames: Iterator[NDArray[np.uint8]], rate: int, chroma: str) -> None:
    """H.264, one thread, so that the bytes are the same each time; index first for the web."""
    try:
        import av
    except ImportError as error:
        raise MissingPart("MP4 needs PyAV", "pip install 'medici[design]'") from error
    from medici.studio.making.upscale import native_factor

    first = _opaque(next(frames))
    height, width = (side + side % 2 for side in first.shape[:2])
    if max(height, width) > _LARGEST_MP4:
        raise WrongUse(
            f"a film of {width}×{height} pixels would play nowhere",
            f"at most {_LARGEST_MP4} pixels a side: a smaller factor or scale",
        )
    if chroma == "auto":
        chroma = "420" if native_factor(first) % 2 == 0 else "444"
    with av.open(
        path, "w", format="mp4", options={"movflags": "faststart", "fflags": "+bitexact"}
    ) as film:
        stream = film.add_stream("libx264", rate=Fraction(rate))
        stream.width, stream.height = width, height
        stream.pix_fmt = f"yuv{chroma}p"
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {
            "crf": "9",
            "preset": "faster",
            "tune": "animation",
            "x264-params": "colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv",
        }
        for picture in _chain(first, frames):
            frame = av.VideoFrame.from_ndarray(_even(picture), format="rgb24")
            film.mux(stream.encode(frame.reformat(format=stream.pix_fmt, dst_colorspace="itu709")))
        film.mux(stream.encode())


def _chain(
    first: NDArray[np.uint8], frames: Iterator[NDArray[np.uint8]]
) -> Iterator[NDArray[np.uint8]]:
    yield first
    for frame in frames:
        yield _opaque(frame)


def _opaque(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(h, w, 3) uint8 on paper: H.264 knows no transparency."""
    if frame.shape[2] == 3:
        return frame
    alpha = frame[..., 3:].astype(np.uint16)
    paper = np.array(rgb(PAPER), np.uint16)
    return np.asarray((frame[..., :3] * alpha + paper * (255 - alpha) + 127) // 255, np.uint8)


def _even(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Sides made even by repeating the last row and column, as the codec asks."""
    height, width = frame.shape[:2]
    grown = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return np.ascontiguousarray(grown)
