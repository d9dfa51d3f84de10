"""Copies: how many changed copies are found, and how many strangers are taken for copies.

    python benchmarks/copies.py [--quick] [--json] [--portraits FOLDER]

With `--portraits` the pictures are those that `node tools/portraits.mjs FOLDER --train 0 --tune 0`
draws (the real collection); otherwise synthetic 16×16 art. Half is kept by the firm, the other half
asks. Beside our decision stands PDQ alone at 31 bits, the usual one.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from medici.provenance.fingerprint import DERIVED_AT_MOST, Index, fingerprint, query
from medici.records import WorkId

SIDE = 512


def synthetic(count: int) -> list[Image.Image]:
    made = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        palette = rng.integers(0, 256, (6, 3), dtype=np.uint8)
        half = np.kron(rng.integers(0, 6, (8, 4)), np.ones((2, 2), int))
        made.append(Image.fromarray(palette[np.concatenate([half, half[:, ::-1]], axis=1)]))
    return made


def portraits(folder: Path, count: int) -> list[Image.Image]:
    made = []
    for path in sorted((folder / "judge").glob("*.png"))[:count]:
        drawn = Image.open(path).convert("RGBA")
        ground = Image.new("RGBA", drawn.size, "white")
        ground.alpha_composite(drawn)
        made.append(ground.convert("RGB"))
    return made


def through(image: Image.Image, kind: str, quality: int) -> Image.Image:
    out = io.BytesIO()
    image.save(out, kind, quality=quality)
    return Image.open(out).convert("RGB")


def captioned(image: Image.Image) -> Image.Image:
    image = image.copy()
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 440, 300, 490), fill="black")
    draw.text((30, 455), "seen on the web", fill="white")
    return image


def one_cell(image: Image.Image) -> Image.Image:
    image = image.copy()
    ImageDraw.Draw(image).rectangle((224, 192, 255, 223), fill=(255, 0, 200))
    return image


ATTACKS = {
    "JPEG 50": lambda i: through(i, "JPEG", 50),
    "JPEG 20": lambda i: through(i, "JPEG", 20),
    "WebP 50": lambda i: through(i, "WEBP", 50),
    "half size": lambda i: i.resize((256, 256), Image.Resampling.LANCZOS),
    "third size, JPEG 75": lambda i: through(i.resize((171, 171)), "JPEG", 75),
    "thumbnail of 64": lambda i: i.resize((64, 64), Image.Resampling.LANCZOS),
    "crop of 5 %": lambda i: i.crop((13, 13, 499, 499)),
    "crop of 10 %": lambda i: i.crop((26, 26, 486, 486)),
    "crop of 5 %, JPEG 50": lambda i: through(i.crop((13, 13, 499, 499)), "JPEG", 50),
    "mirrored": lambda i: i.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "a tenth brighter": lambda i: i.point(lambda v: min(255, int(v * 1.1))),
    "one cell repainted": one_cell,
    "caption": captioned,
    "turned by 2°": lambda i: i.rotate(2, Image.Resampling.BICUBIC, fillcolor="white"),
}


def enlarged(image: Image.Image) -> Image.Image:
    return image.resize((SIDE, SIDE), Image.Resampling.NEAREST)


def rgba(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGBA"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--portraits", type=Path)
    asked = parser.parse_args()
    count, copies = (100, 8) if asked.quick else (2000, 60)
    drawn = portraits(asked.portraits, count) if asked.portraits else synthetic(count)
    kept, strangers = drawn[: count // 2], drawn[count // 2 :]
    index = Index(
        (WorkId.from_int(n + 1), fingerprint(rgba(enlarged(i)))) for n, i in enumerate(kept)
    )
    wrong = alone = 0
    for image in strangers:
        question = query(rgba(enlarged(image)))
        wrong += any(m.derived for m in index.search(question))
        alone += any(index.near(print_, DERIVED_AT_MOST) for print_ in question.prints)
    said = {f"strangers taken for copies, {len(strangers)} against {len(kept)}": (wrong, alone)}
    rows = [line(*said.popitem(), len(strangers), "lower")]
    for name, attack in ATTACKS.items():
        found = hashed = 0
        for number, image in enumerate(kept[:copies]):
            work = WorkId.from_int(number + 1)
            question = query(rgba(attack(enlarged(image))))
            best = next(iter(index.search(question)), None)
            found += bool(best and best.derived and best.work == work)
            hashed += any(work in index.near(p, DERIVED_AT_MOST) for p in question.prints)
        rows.append(line(f"found: {name}", (found, hashed), copies, "higher"))
    if asked.json:
        print(json.dumps({"benchmark": "copies", "rows": rows}))
    else:
        print(f"{'':<56}{'ours':>8}{'PDQ':>8}")
        for shown in rows:
            print(f"{shown['name']:<56}{shown['value']:>8.1%}{shown['peer']:>8.1%}")
    return 0


def line(name: str, counts: tuple[int, int], of: int, better: str) -> dict[str, object]:
    ours, peer = (number / of for number in counts)
    holds = ours <= peer if better == "lower" else ours >= peer
    return {
        "name": name,
        "value": round(ours, 4),
        "unit": "share",
        "peer": round(peer, 4),
        "bar": None,
        "better": better,
        "holds": holds,
    }


if __name__ == "__main__":
    sys.exit(main())
