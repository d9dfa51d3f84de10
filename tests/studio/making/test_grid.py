import numpy as np
import pytest
from PIL import Image

from medici.content import picture_digest
from medici.errors import BadStyle, WrongUse
from medici.studio.making import grid, sheet


def cell(page, one, y, x, gap=4):
    """The pixels of a cell, without labels."""
    h, w = one.shape[:2]
    return page[y * (h + gap) : y * (h + gap) + h, x * (w + gap) : x * (w + gap) + w]


def test_an_interpolation_goes_from_one_seed_to_the_other(tiles):
    made = grid.interpolation(tiles, [(1, 2), (5, 9)], 5, {"colours_from": 3})
    style = {"colours_from": 3}
    for row, (start, end) in zip(made.cells, [(1, 2), (5, 9)], strict=True):
        assert (row[0].pixels == tiles.sample(start, style).pixels).all()
        assert (row[-1].pixels == tiles.sample(end, style).pixels).all()
        assert len({picture_digest(work.pixels) for work in row}) > 2
    assert made.columns == ("0", "0.25", "0.5", "0.75", "1")
    page = made.page(label=0)
    assert (cell(page, made.cells[1][2].pixels, 1, 2) == made.cells[1][2].pixels[..., :3]).all()


def test_mixing_takes_the_drawing_of_the_row_and_the_colours_of_the_column(tiles):
    made = grid.mixing(tiles, [1, 2], [1, 4, 5])
    assert (made.cells[0][0].pixels == tiles.sample(1).pixels).all()
    for row in made.cells:
        # One drawing: where two pixels are alike in one column, they are in every one.
        shapes = [np.unique(w.pixels.reshape(-1, 4), axis=0, return_inverse=True) for w in row]
        counts = {tuple(sorted(np.bincount(inverse.ravel()))) for _, inverse in shapes}
        assert len(counts) == 1
    for column in zip(*made.cells, strict=True):
        colours = [{tuple(p) for p in w.pixels.reshape(-1, 4).tolist()} for w in column]
        assert colours[0] & colours[1]


def test_a_truncation_grid_sweeps_psi(tiles):
    made = grid.sweep(tiles, [3, 4], "psi", [0.0, 0.5, 1.0])
    assert made.columns == ("psi 0", "psi 0.5", "psi 1")
    for row in made.cells:
        assert [work.style["psi"] for work in row] == [0.0, 0.5, 1.0]


def test_works_are_read_like_a_book(tiles):
    made = grid.works(tiles, range(10, 22), 5)
    assert [[w.seed for w in row] for row in made.cells] == [
        [10, 11, 12, 13, 14],
        [15, 16, 17, 18, 19],
    ]
    assert made.rows == ("10", "15")


def test_a_direction_is_walked_from_side_to_side(tiles):
    made = grid.along(tiles, [3, 4], "light", [-1.0, 0.0, 1.0])
    assert made.columns == ("-1", "0", "+1")
    for row in made.cells:
        lights = [work.pixels[..., :3].mean() for work in row]
        assert lights[0] < lights[1] < lights[2]
        assert (row[1].pixels == tiles.sample(row[1].seed).pixels).all()
    tiles.keys = {"psi": ""}
    with pytest.raises(WrongUse, match="moved along directions"):
        grid.along(tiles, [3], "light")


def test_labels_do_not_touch_the_works(tiles):
    made = grid.sweep(tiles, [3, 4], "psi", [0.0, 1.0], {"scale": 8})
    page = made.page(gap=6, label=14)
    bare = made.page(gap=6, label=0)
    top = page.shape[0] - bare.shape[0] - 28
    left = page.shape[1] - bare.shape[1] - 28
    assert (page[top : top + bare.shape[0], left : left + bare.shape[1]] == bare).all()
    assert len(np.unique(page[:top].reshape(-1, 3), axis=0)) > 3  # words are there


def test_what_a_model_cannot_do_is_said_with_what_it_can(tiles):
    tiles.keys = {"psi": ""}
    with pytest.raises(WrongUse, match="tiles cannot interpolate") as caught:
        grid.interpolation(tiles, [(1, 2)])
    assert "psi" in caught.value.hint
    with pytest.raises(BadStyle, match="psi"):
        grid.sweep(tiles, [1], "psi", [9.0])


def test_a_sheet_takes_any_side_and_fills_its_last_row():
    pictures = np.zeros((5, 6, 9, 4), np.uint8)
    pictures[:] = [200, 10, 10, 255]
    page = sheet.sheet(pictures, columns=3, scale=2, gap=1, paper="#ffffff")
    assert page.shape == (1 + 2 * 13, 1 + 3 * 19, 3)
    assert (page[1:13, 1:19] == [200, 10, 10]).all()
    assert (page[14:26, 39:57] == 255).all()
    assert sheet.sheet(pictures, columns=5, scale=1).shape == (6, 45, 3)


def test_a_sheet_of_different_sizes_enlarges_by_whole_factors():
    small = np.full((4, 4, 4), 255, np.uint8)
    small[0, 0] = [1, 2, 3, 255]
    large = np.full((10, 10, 4), 255, np.uint8)
    page = sheet.sheet([large, small], columns=2, scale=1, paper="#808080")
    assert page.shape == (10, 20, 3)
    assert (page[1:3, 11:13] == [1, 2, 3]).all()
    assert (page[0, 10:] == 128).all()


def test_pages_are_written_whole_or_refused(tmp_path):
    page = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    for name in ("a.png", "a.webp"):
        sheet.save_page(page, tmp_path / name)
        assert (np.asarray(Image.open(tmp_path / name).convert("RGB")) == page).all()
    with pytest.raises(WrongUse, match=r"a\.gif"):
        sheet.save_page(page, tmp_path / "a.gif")
    with pytest.raises(WrongUse, match="no pictures"):
        sheet.sheet([])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "a.webp"]
