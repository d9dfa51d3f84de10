"""Materials from folders of photographs or textures: read, checked, cut into random crops."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.content import picture_digest
from medici.errors import BadData
from medici.records import Digest
from medici.studio.data.folder import data_root, read_source
from medici.studio.data.picture import FORMATS, printable
from medici.studio.textures.waves import strongest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

LEAST_SIDE = 128  # halves are compared, in pixels up to 32 apart
_LARGEST_SIDE = 8192
_MOST_MATERIALS = 64
_PICTURES = {".png", ".webp", ".bmp", ".jpg", ".jpeg", ".tif", ".tiff"}


@dataclass(frozen=True, slots=True)
class Material:
    """One class of textures.

    Attributes:
        name: the folder's.
        pictures: each (h, w, planes) uint8.
        relief: how bright and dark stand in height: 1 bright is high, -1 bright is low.
        waves: strongest regular repetitions, each (cycles a pixel down, across).
    """

    name: str
    pictures: tuple[NDArray[np.uint8], ...]
    relief: float = 1.0
    waves: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class MaterialSet:
    """All that a texture model is trained on.

    Attributes:
        materials: sorted by name.
        digests: content digest of each picture's pixels, in order of file name.
        files: names of the pictures, relative to the folder.
        source: what ``source.json`` says of licence and authors; empty without one.
    """

    materials: tuple[Material, ...]
    digests: tuple[Digest, ...]
    files: tuple[str, ...]
    source: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The materials' names."""
        return tuple(m.name for m in self.materials)

    @property
    def planes(self) -> int:
        """1 when every picture is grey, else 3."""
        return int(self.materials[0].pictures[0].shape[2])

    @property
    def root(self) -> Digest:
        """Merkle root over the pictures in order of name."""
        return data_root(self.digests)

    @property
    def licence(self) -> str:
        """Licence of the set as its source states it."""
        return str(self.source.get("licence", "not stated"))

    def crop(
        self, material: int, side: int, random: np.random.Generator, *, flip: bool = True
    ) -> NDArray[np.uint8]:
        """A random square out of a random picture of a material, mirrored at random.

        Returns:
            (side, side, planes) uint8.
        """
        pictures = self.materials[material].pictures
        # Larger pictures are drawn from more often, so that every pixel counts the same.
        room = np.array([(p.shape[0] - side + 1) * (p.shape[1] - side + 1) for p in pictures])
        picture = pictures[int(random.choice(len(pictures), p=room / room.sum()))]
        top = int(random.integers(picture.shape[0] - side + 1))
        left = int(random.integers(picture.shape[1] - side + 1))
        cut = picture[top : top + side, left : left + side]
        down, across = random.integers(2, size=2) if flip else (0, 0)
        return cut[:: -1 if down else 1, :: -1 if across else 1]


def read_materials(folder: str | Path, most_waves: int = 1, least: int = LEAST_SIDE) -> MaterialSet:
    """Read a folder of materials: one subfolder each, or pictures of one material without any.

    ``source.json`` in the folder may state licence, authors and each material's ``relief``.
    Pictures need at least `least` pixels a side.

    Raises:
        BadData: nothing to read, or a picture that cannot be used; the message names it.
    """
    place = Path(folder)
    if not place.is_dir():
        raise BadData(f"no data folder at {place}", "give a folder that holds pictures")
    groups = {printable(d.name): _pictures_in(d) for d in sorted(place.iterdir()) if d.is_dir()}
    groups = {name: files for name, files in groups.items() if files}
    loose = _pictures_in(place)
    if groups and loose:
        raise BadData(
            f"{place} holds both pictures ({loose[0].name}) and folders of pictures",
            "one subfolder a material, or pictures of one material alone",
        )
    groups = groups or ({printable(place.resolve().name): loose} if loose else {})
    if not groups:
        raise BadData(f"{place} holds no pictures", "supported: " + ", ".join(sorted(_PICTURES)))
    if len(groups) > _MOST_MATERIALS:
        raise BadData(f"{place} holds {len(groups)} materials; at most {_MOST_MATERIALS} fit")
    pixels = {path: read_texture(path, least) for files in groups.values() for path in files}
    grey = all((p == p[..., :1]).all() for p in pixels.values())
    for path, picture in pixels.items():
        if picture.min() == picture.max():
            raise BadData(f"{path} is of one colour", "remove it or replace it")
    source = read_source(place)
    materials = []
    for name, files in groups.items():
        pictures = tuple(np.ascontiguousarray(pixels[f][..., : 1 if grey else 3]) for f in files)
        relief = _relief(source, name, place)
        materials.append(Material(name, pictures, relief, strongest(pictures, most_waves)))
    opaque = [np.dstack([p, np.full(p.shape[:2], 255, np.uint8)]) for p in pixels.values()]
    digests = tuple(Digest(picture_digest(p)) for p in opaque)
    names = tuple(printable(p.relative_to(place).as_posix()) for p in pixels)
    return MaterialSet(tuple(materials), digests, names, source)


def read_texture(path: Path, least: int = LEAST_SIDE) -> NDArray[np.uint8]:
    """One photograph or texture.

    Returns:
        (h, w, 3) uint8.

    Raises:
        BadData: empty, damaged, animated, transparent, too small or too large, finer than 8 bits.
    """
    from PIL import Image

    if path.stat().st_size == 0:
        raise BadData(f"{path} is empty", "remove it or replace it")
    try:
        with Image.open(path, formats=FORMATS) as image:
            width, height = image.size
            if max(width, height) > _LARGEST_SIDE:
                raise BadData(f"{path} is {width}×{height}; the longest side may be 8192 pixels")
            if min(width, height) < least:
                raise BadData(
                    f"{path} is {width}×{height}; at least {least} pixels a side are needed",
                    "textures are learned from crops: give a larger picture",
                )
            if getattr(image, "is_animated", False):
                raise BadData(f"{path} is animated", "save one frame of it")
            if image.mode.startswith("I;16") or image.mode in ("I", "F"):
                raise BadData(f"{path} holds samples finer than 8 bits", "save it with 8 bits")
            pixels = np.asarray(image.convert("RGBA"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadData(
            f"{path} cannot be read as a picture: {error}", "remove or replace it"
        ) from error
    if (pixels[..., 3] < 255).any():
        raise BadData(f"{path} is partly transparent", "a texture covers its whole picture")
    return np.ascontiguousarray(pixels[..., :3])


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in _PICTURES and p.is_file())


def _relief(source: Mapping[str, Any], name: str, place: Path) -> float:
    about = source.get("materials", {})
    own = about.get(name, {}) if isinstance(about, dict) else None
    value = own.get("relief", 1.0) if isinstance(own, dict) else own
    if isinstance(value, bool) or not isinstance(value, int | float) or not -4 <= value <= 4:
        raise BadData(f"{place / 'source.json'} gives {name} the relief {value!r}", "-4 to 4")
    return float(value)
