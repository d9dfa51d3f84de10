from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import numpy as np
import pytest
import resvg_py
import structlog
from PIL import Image

from medici.content import content_digest
from medici.errors import BadStyle, BadWeights, WrongUse
from medici.logs import logger
from medici.studio.families import Generator, load_model
from medici.studio.icons.model import _warn, codes_to_tokens, tokens_to_codes

if TYPE_CHECKING:
    from pathlib import Path

    from medici.studio.icons.model import IconModel

_CHILD = """
import json, sys
from medici.content import content_digest
from medici.studio.families import load_model
works = load_model(sys.argv[1]).sample_many(range(6), {"scale": 4})
assert "torch" not in sys.modules
print(json.dumps([content_digest(w) for w in works]))
"""


def test_it_is_a_generator_of_icons(model: IconModel) -> None:
    assert isinstance(model, Generator)
    work = model.sample(7, {"scale": 4})
    assert work.kind == "icon"
    assert work.pixels.shape == (128, 128, 4)
    assert set(work.style) == set(model.keys)


def test_a_seed_gives_the_same_bits_alone_in_company_and_on_other_threads(
    model: IconModel, model_folder: Path
) -> None:
    together = [content_digest(w) for w in model.sample_many(range(6), {"scale": 4})]
    alone = [content_digest(model.sample(s, {"scale": 4})) for s in range(6)]
    assert together == alone
    assert len(set(together)) > 1
    for threads in ("1", "2"):
        said = subprocess.run(
            [sys.executable, "-c", _CHILD, str(model_folder)],
            capture_output=True,
            check=True,
            env={"OPENBLAS_NUM_THREADS": threads, "PATH": ""},
        )
        assert json.loads(said.stdout) == together


def test_a_record_makes_the_work_again(model: IconModel) -> None:
    work = model.sample(11, {"look": "fill", "weight": 0.25, "ink": "#AA0000", "scale": 3})
    again = model.sample(work.seed, work.style)
    assert (again.pixels == work.pixels).all()
    assert again.style == work.style


def test_given_codes_are_kept_and_open_ones_drawn(model: IconModel) -> None:
    tokens = model.tokens([5], model.looks_of([5]), model.parse(None))[0]
    codes = tokens_to_codes(tokens)
    assert (codes_to_tokens(codes) == tokens).all()
    whole = [model.greys([s], {"codes": codes})[0] for s in (1, 2)]
    assert (whole[0] == whole[1]).all()
    half = codes[:64] + ".." * 32
    style = model.parse({"codes": half, "psi": 1.5})
    drawn = model.tokens(range(8), model.looks_of(range(8)), style)
    assert (drawn[:, :32] == tokens[:32]).all()
    assert len(np.unique(drawn[:, 32:], axis=0)) > 1


def test_temperature_zero_is_the_same_for_every_seed(model: IconModel) -> None:
    greys = model.greys(range(4), {"psi": 0, "look": "bold"})
    assert (greys == greys[0]).all()


def test_encoding_reads_a_picture_and_its_own_vectors(
    model: IconModel, icon_folder: Path, tmp_path: Path
) -> None:
    work = model.encode(icon_folder / "001.png")
    assert (model.sample(work.seed, work.style).pixels == work.pixels).all()
    (tmp_path / "own.svg").write_bytes(model.export(work, "svg"))
    again = model.encode(tmp_path / "own.svg")
    assert len(again.style["codes"]) == 128


@pytest.mark.parametrize(
    "style",
    [
        {"looks": "fill"},
        {"look": "thin"},
        {"psi": 1.6},
        {"psi": True},
        {"weight": 1.2},
        {"weight": 0.0001},
        {"scale": 0},
        {"scale": 33},
        {"ink": "red"},
        {"ground": "#12345"},
        {"symmetry": "left"},
        {"codes": "00"},
        {"codes": "zz" * 64},
        {"codes": "ff" * 64},
    ],
)
def test_wrong_styles_are_refused(model: IconModel, style: dict[str, object]) -> None:
    with pytest.raises(BadStyle) as caught:
        model.sample(1, style)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("style", "told"),
    [
        ({"ink": "#101010", "ground": "#111111"}, True),
        ({"ink": "#8a8a8a", "ground": "#eeeeee"}, True),
        ({"ink": "#7f7f7f", "ground": "#ffffff"}, False),
        ({"ink": "#ffffff", "ground": "transparent"}, False),
    ],
)
def test_colours_that_can_hardly_be_told_apart_are_taken_and_told_of_once(
    model: IconModel, style: dict[str, object], told: bool
) -> None:
    _warn.cache_clear()
    logger("studio")  # set up before its output is caught
    with structlog.testing.capture_logs() as logs:
        for seed in (1, 2):
            work = model.sample(seed, {**style, "scale": 2})
            assert style.items() <= work.style.items()
    assert len(logs) == told
    for log in logs:
        assert log["log_level"] == "warning"
        assert str(style["ink"]) in log["problem"]
        assert "graphics need 3" in log["problem"]


def test_wrong_seeds_are_refused(model: IconModel) -> None:
    for seed in (-1, 2**53, 1.5, True):
        with pytest.raises(BadStyle):
            model.sample(seed)  # type: ignore[arg-type]


def drawn(svg: bytes, side: int) -> np.ndarray:
    png = resvg_py.svg_to_bytes(svg_string=svg.decode(), width=side, height=side)
    return np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGBA"))


def test_svg_is_valid_clean_and_shows_the_same_icon(model: IconModel) -> None:
    for work in model.sample_many(range(12), {"look": "fill", "scale": 16}):
        svg = model.export(work, "svg")
        root = ET.fromstring(svg)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert root.get("viewBox") == "0 0 512 512"
        ink = work.pixels[..., 3] > 127
        if ink.sum() < 2000:
            continue
        again = drawn(svg, 512)[..., 3] > 127
        assert (ink & again).sum() / (ink | again).sum() > 0.93
        assert svg.count(b"L") + svg.count(b"C") < 150


def test_svg_has_the_colours_of_the_style(model: IconModel) -> None:
    work = model.sample(3, {"ink": "#aa0000", "ground": "#00bb00", "look": "fill"})
    pixels = drawn(model.export(work, "svg"), 64)
    assert (pixels[0, 0] == [0, 187, 0, 255]).all()
    assert (pixels[..., 3] == 255).all()
    assert b'fill="#aa0000"' in model.export(work, "svg")


def test_other_forms_open_and_unknown_ones_are_refused(model: IconModel) -> None:
    work = model.sample(3, {"look": "fill"})
    with Image.open(io.BytesIO(model.export(work, "ico"))) as image:
        assert image.info["sizes"] == {(s, s) for s in (32, 64, 128, 256)}
    root = ET.fromstring(model.export(work, "xml"))
    assert root.tag == "vector"
    with pytest.raises(WrongUse, match="no form 'eps'"):
        model.export(work, "eps")


def test_other_weights_than_the_records_are_refused(model_folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(model_folder, copy, ignore=shutil.ignore_patterns("run"))
    data = bytearray((copy / "weights.safetensors").read_bytes())
    data[-1] ^= 1
    (copy / "weights.safetensors").write_bytes(data)
    with pytest.raises(BadWeights, match="SHA-256"):
        load_model(copy)
