import json

import numpy as np
import pytest
from PIL import Image

from medici.content import content_digest
from medici.errors import BadStyle, UnreadableFile, WrongUse
from medici.studio.making import edit
from medici.studio.making.edit import Region

STYLE = {"scale": 4}


def native(work):
    return work.pixels[::4, ::4]


def test_a_change_of_style_is_a_work_of_the_model_itself(tiles):
    done = edit.restyle(tiles, 3, STYLE, {"palette": ["#102030", "#f0e0d0"], "colours_from": 9})
    assert done.exact
    assert done.parents == ()
    assert content_digest(tiles.sample(done.work.seed, done.work.style)) == done.id
    assert edit.replay(tiles, done.recipe).id == done.id
    assert {colour for colour, _ in edit.colours_of(done.work)} <= {"#102030", "#f0e0d0"}
    with pytest.raises(WrongUse, match="cannot be edited by hair"):
        edit.restyle(tiles, 3, STYLE, {"hair": 1})
    with pytest.raises(BadStyle):
        edit.restyle(tiles, 3, STYLE, {"psi": 9})


def test_a_region_comes_from_the_other_work_and_nothing_else_changes(tiles):
    done = edit.replace_region(tiles, 3, STYLE, Region.parse("0,0,8,4;2,5,1,2"), 8)
    base, donor = tiles.sample(3, STYLE), tiles.sample(8, done.recipe["steps"][0]["style"])
    inside = np.zeros((8, 8), bool)
    inside[:4] = inside[5:7, 2] = True
    assert (native(done.work)[inside] == native(donor)[inside]).all()
    assert (native(done.work)[~inside] == native(base)[~inside]).all()
    assert not done.exact
    assert done.parents == (content_digest(base), content_digest(donor))


def test_both_parts_stand_on_one_ground(tiles):
    done = edit.replace_region(tiles, 3, STYLE, Region.parse("0,0,8,4"), 8)
    ground = done.recipe["steps"][0]["style"]["ground"]
    bare = native(tiles.sample(3, {**STYLE, "ground": "transparent"}))[..., 3] == 0
    own = {tuple(p) for p in native(tiles.sample(3, STYLE))[bare][:, :3].tolist()}
    assert own == {tuple(bytes.fromhex(ground[1:]))}
    kept = edit.replace_region(tiles, 3, {**STYLE, "ground": "#123456"}, Region.parse("0,0,8,4"), 8)
    assert kept.recipe["steps"][0]["style"]["ground"] == "#123456"


def test_a_recipe_gives_the_same_pixels_in_any_process(tiles):
    done = edit.replace_region(tiles, 3, STYLE, Region.parse("1,1,3,3"), 8)
    told = json.loads(json.dumps(done.recipe))
    assert edit.replay(tiles, told).id == done.id
    colour = edit.colours_of(done.work)[0][0]
    told["steps"].append({"repaint": {colour: "#ff00ff"}})
    further = edit.replay(tiles, told)
    assert further.id != done.id
    assert further.parents == done.parents


def test_repainting_changes_one_colour_where_it_is_asked_to(tiles):
    base = tiles.sample(5, STYLE)
    colour, count = edit.colours_of(base)[0]
    done = edit.repaint(tiles, 5, STYLE, {colour: "#ff00ff"})
    assert dict(edit.colours_of(done.work))["#ff00ff"] == count
    assert colour not in dict(edit.colours_of(done.work))
    part = edit.repaint(tiles, 5, STYLE, {colour: "#ff00ff"}, Region.parse("0,0,4,8"))
    assert dict(edit.colours_of(part.work))["#ff00ff"] == count // 2  # tiles are mirrored
    with pytest.raises(WrongUse, match="no #123456 there"):
        edit.repaint(tiles, 5, STYLE, {"#123456": "#ff00ff"})


def test_a_mask_is_a_region(tmp_path, tiles):
    mask = np.zeros((8, 8), np.uint8)
    mask[2:5, 1:7] = 255
    mask[3, 3] = 0
    Image.fromarray(mask).save(tmp_path / "mask.png")
    region = Region.of_mask(tmp_path / "mask.png")
    assert (region.mask(8, 8) == (mask > 0)).all()
    done = edit.replace_region(tiles, 3, STYLE, region, 8)
    changed = (native(done.work) != native(tiles.sample(3, STYLE))).any(-1)
    assert not changed[mask == 0].any()
    (tmp_path / "no.png").write_bytes(b"")
    with pytest.raises(UnreadableFile, match=r"no\.png"):
        Region.of_mask(tmp_path / "no.png")


@pytest.mark.parametrize("text", ["", "1,2,3", "a,b,c,d", "1,2,3,4;", "1.5,0,1,1"])
def test_what_is_no_region_is_refused(text):
    with pytest.raises(WrongUse, match="is no region"):
        Region.parse(text)


@pytest.mark.parametrize("text", ["0,0,9,1", "-1,0,2,2", "0,0,0,1", "7,7,2,2"])
def test_a_region_stays_within_the_picture(tiles, text):
    with pytest.raises(WrongUse, match="leaves the picture"):
        edit.replace_region(tiles, 3, STYLE, Region.parse(text), 8)


def test_a_recipe_that_was_changed_is_refused(tiles):
    good = edit.replace_region(tiles, 3, STYLE, Region.parse("1,1,3,3"), 8).recipe
    bad = [
        {**good, "schema": "else"},
        {**good, "model": "0" * 64},
        {**good, "seed": 4},
        {**good, "steps": [{**good["steps"][0], "seed": 9}]},
        {**good, "steps": [{"what": 1}]},
        {**good, "steps": [good["steps"][0]] * 65},
        {key: value for key, value in good.items() if key != "work"},
        {**good, "steps": [{"repaint": 7}]},
    ]
    for recipe in bad:
        with pytest.raises(WrongUse):
            edit.replay(tiles, recipe)
