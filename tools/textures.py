"""The default texture set: three CC0 photographs out of the scikit-image wheel, made ready.

    pip install --no-deps scikit-image
    python tools/textures.py runs/textures

Nothing of scikit-image is imported: its wheel is opened as a folder of pictures. The same wheel
gives the same set, pixel for pixel. The wheel's brick wall stands in perspective (scikit-image
tilted and turned it); here it is put upright again, its courses level and 32 pixels high, so that a
small network can learn it as a wall and not as a road. Then all three are halved, which makes them
four times cheaper to learn.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
from PIL import Image

# What each picture is, from the notes of skimage.data (file _fetchers.py).
SOURCES = {
    "brick": ("CC0Textures, Bricks25", "https://cc0textures.com/view.php?tex=Bricks25"),
    "grass": (
        "linolafett, Grass 01",
        "https://www.deviantart.com/linolafett/art/Grass-01-434853879",
    ),
    "gravel": ("CC0Textures, Gravel04", "https://cc0textures.com/view.php?tex=Gravel04"),
}
# Where the wall's courses meet, in pixels of the wheel's picture: the point at which the mean
# of the straightened wall along its courses varies most.
VANISHING = (220.0, -1230.0)
COURSE_IN_SOURCE = 36.0
COURSE = 32.0


def upright(wall: np.ndarray) -> np.ndarray:
    """Undo the perspective and the quarter turn of the brick wall.

    Args:
        wall: (512, 512) uint8.

    Returns:
        (h, w) uint8, every pixel of which lies inside `wall`.
    """
    side = len(wall)
    x0, y0 = VANISHING
    middle = side / 2 - y0
    step = COURSE_IN_SOURCE / COURSE
    # Along the courses one unit is one pixel at the middle row, in both directions.
    v = np.arange(
        middle**2 * (1 / middle - 1 / -y0), middle**2 * (1 / middle - 1 / (side - 1 - y0)), step
    )
    u = np.arange(
        -(x0 - 1) * middle / (side - 1 - y0), (side - 2 - x0) * middle / (side - 1 - y0), step
    )
    y = 1 / (1 / middle - v / middle**2) + y0
    x = x0 + u[None] * (y[:, None] - y0) / middle
    y = np.broadcast_to(y[:, None], x.shape)
    straight = bilinear(
        wall.astype(np.float64), np.clip(y, 0, side - 1.001), np.clip(x, 0, side - 1.001)
    )
    return np.rint(straight).astype(np.uint8).T


def halved(picture: np.ndarray) -> np.ndarray:
    """Half the pixels a side, each the mean of four, rounded to nearest."""
    h, w = (side // 2 * 2 for side in picture.shape)
    four = picture[:h, :w].astype(np.int64).reshape(h // 2, 2, w // 2, 2).sum((1, 3))
    return ((four + 2) // 4).astype(np.uint8)


def bilinear(picture: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Values between pixels."""
    top, left = y.astype(int), x.astype(int)
    down, right = y - top, x - left
    above = picture[top, left] * (1 - right) + picture[top, left + 1] * right
    below = picture[top + 1, left] * (1 - right) + picture[top + 1, left + 1] * right
    return above * (1 - down) + below * down


def main() -> None:
    """Write one folder a material, and ``source.json``."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    try:
        wheel = distribution("scikit-image")
    except PackageNotFoundError:
        parser.exit(3, "scikit-image is not installed: pip install --no-deps scikit-image\n")
    samples = []
    for name, (author, where) in SOURCES.items():
        path = Path(str(wheel.locate_file(f"skimage/data/{name}.png")))
        pixels = np.asarray(Image.open(path).convert("L"))
        if name == "brick":
            pixels = upright(pixels)
        pixels = halved(pixels)
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place / f"{name}.png")
        samples.append(
            {
                "file": f"{name}/{name}.png",
                "authors": [author],
                "source": where,
                "licence": "CC0-1.0",
                "from": f"scikit-image {wheel.version}, skimage/data/{name}.png",
                "from_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
        )
    source = {
        "schema": "medici/source/1",
        "title": "Brick, grass and gravel of scikit-image",
        "licence": "CC0-1.0",
        "authors": sorted({author.split(",")[0] for author, _ in SOURCES.values()}),
        "source": "https://scikit-image.org/docs/stable/api/skimage.data.html",
        "consent": "public domain dedication",
        "made_by": "tools/textures.py",
        "materials": {"brick": {"relief": -1}, "grass": {"relief": 1}, "gravel": {"relief": 1}},
        "samples": samples,
    }
    (folder / "source.json").write_text(json.dumps(source, indent=1) + "\n", "utf-8")
    print(f"{len(samples)} materials in {folder}")


if __name__ == "__main__":
    main()
