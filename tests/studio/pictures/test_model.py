"""Loading checks that a model is itself; sampling keeps its promises."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from tests.studio import tiny

from medici.errors import BadStyle, BadWeights, NoWeights
from medici.records import ModelRecord
from medici.studio import load_model
from medici.studio.exact.identity import build, leaves, pack, read
from medici.studio.making.upscale import to_png
from medici.studio.pictures.style import KEYS


def test_shipped_model_says_what_it_is(portraits):
    record = portraits.record
    assert record.name == "portraits"
    assert record.renderer == "exact/2"
    assert record.data_licence == "CC0-1.0"
    assert record.training["certificate"]["layers"]
    assert record.metrics["rows"].keys() == {"model", "floor", "noise", "collapse"}
    assert record.bias_report["attributes"]["skinColor"]["reader_accuracy"] > 0.85
    assert ModelRecord.from_json(json.loads(json.dumps(record.as_json()))).digest == record.digest


def test_shipped_model_keeps_its_promised_quality(portraits):
    rows = portraits.record.metrics["rows"]
    assert rows["floor"]["fid"] < rows["model"]["fid"] < 4 * rows["floor"]["fid"]
    assert rows["model"]["fid"] < min(rows["noise"]["fid"], rows["collapse"]["fid"])
    assert min(rows["model"][k] for k in ("precision", "recall", "coverage")) > 0.85
    assert portraits.record.metrics["memorisation"]["exact_copies"] == 0


def test_sample_is_a_finished_picture(portraits):
    work = portraits.sample(7)
    assert work.pixels.shape == (512, 512, 4)
    assert work.pixels.dtype == np.uint8
    assert (work.pixels[..., 3] == 255).all()
    assert work.seed == 7
    assert work.kind == "picture"
    small = work.pixels[::32, ::32]
    assert (np.repeat(np.repeat(small, 32, 0), 32, 1) == work.pixels).all()


def test_the_told_style_makes_the_same_picture_again(portraits):
    work = portraits.sample(5, {"psi": 0.6, "ground": "#112233"})
    assert set(work.style) == set(KEYS)
    assert (portraits.sample(5, work.style).pixels == work.pixels).all()


def test_seeds_make_different_pictures(portraits):
    pictures = portraits.natives(range(200))
    assert len({p.tobytes() for p in pictures}) == 200


def test_grounds_can_be_transparent_or_chosen(portraits):
    clear = portraits.sample(3, {"ground": "transparent", "scale": 1}).pixels
    filled = portraits.sample(3, {"ground": "#ABCDEF", "scale": 1}).pixels
    bare = clear[..., 3] == 0
    assert 40 < bare.sum() < 200
    assert (filled[bare] == [0xAB, 0xCD, 0xEF, 255]).all()
    assert (filled[~bare] == clear[~bare]).all()


def test_a_palette_is_kept_to(portraits):
    style = {"palette": ["#000000", "#ff0000", "#ffffff"], "ground": "transparent", "scale": 1}
    pixels = portraits.sample(3, style).pixels.reshape(-1, 4)
    colours = {tuple(p) for p in pixels[pixels[:, 3] > 0][:, :3].tolist()}
    assert colours <= {(0, 0, 0), (255, 0, 0), (255, 255, 255)}


def test_colours_of_another_seed_keep_the_drawing(portraits):
    plain = {"ground": "transparent", "scale": 1}
    own = portraits.sample(3, plain).pixels
    dressed = portraits.sample(3, {**plain, "colours_from": 8}).pixels
    assert (own[..., 3] == dressed[..., 3]).all()
    assert (own != dressed).any()


def test_a_drawing_wears_only_colours_that_either_shows(portraits):
    # The same slot may be a face in one picture and never drawn in another.
    shown = portraits.natives(range(30), {"ground": "transparent"})
    seen = [{tuple(p) for p in picture[picture[..., 3] > 0].tolist()} for picture in shown]
    for donor in range(0, 30, 6):
        worn = portraits.natives(range(30), {"ground": "transparent", "colours_from": donor})
        assert (worn[..., 3] == shown[..., 3]).all()
        for own, picture in zip(seen, worn, strict=True):
            found = {tuple(p) for p in picture[picture[..., 3] > 0].tolist()}
            assert found <= own | seen[donor]
        assert (worn[donor] == shown[donor]).all()


@pytest.mark.parametrize("seed", [21, 22])
def test_a_work_on_its_ground_is_found_again(portraits, tmp_path, seed):
    work = portraits.sample(seed, {"scale": 4})
    (tmp_path / "work.png").write_bytes(to_png(work.pixels))
    found = portraits.encode(tmp_path / "work.png")
    assert (
        found.pixels[:: len(found.pixels) // 16, :: len(found.pixels) // 16]
        == work.pixels[::4, ::4]
    ).all()
    assert found.style["ground"] == "#{:02x}{:02x}{:02x}".format(*work.pixels[0, 0, :3])


def test_a_blend_ends_at_both_seeds(portraits):
    plain = {"ground": "transparent"}
    one, two = portraits.natives([1, 2], plain)
    start = portraits.natives([1], {**plain, "blend": {"seed": 2, "amount": 0}})[0]
    end = portraits.natives([1], {**plain, "blend": {"seed": 2, "amount": 1}})[0]
    assert (start == one).all()
    assert (end == two).all()


def test_full_truncation_makes_one_typical_picture(portraits):
    pictures = portraits.natives(range(5), {"psi": 0, "ground": "transparent"})
    assert (pictures == pictures[0]).all()


@pytest.mark.parametrize(
    ("style", "words"),
    [
        ({"pso": 1}, "did you mean psi"),
        ({"hue": 1}, "known keys"),
        ({"psi": 1.6}, "0 to 1.5"),
        ({"psi": -0.1}, "0 to 1.5"),
        ({"psi": "high"}, "0 to 1.5"),
        ({"psi": True}, "0 to 1.5"),
        ({"psi": float("nan")}, "0 to 1.5"),
        ({"psi": 0.12345}, "three decimals"),
        ({"scale": 0}, "1 to 64"),
        ({"scale": 65}, "1 to 64"),
        ({"scale": 2.0}, "1 to 64"),
        ({"ground": "blue"}, "transparent"),
        ({"ground": "#12345"}, "transparent"),
        ({"palette": ["#000000"]}, "2 to 64"),
        ({"palette": ["#000000", "red"]}, "2 to 64"),
        ({"palette": "#000000"}, "2 to 64"),
        ({"blend": {"seed": 1}}, "amount"),
        ({"blend": {"seed": 1, "amount": 1.1}}, "amount"),
        ({"blend": {"seed": -1, "amount": 1}}, "amount"),
        ({"colours_from": -1}, "seed"),
        ({"codes": "0120"}, "5 digits"),
        ({"codes": "01203"}, "5 digits under 3"),
        ({"codes": 1202}, "5 digits"),
    ],
)
def test_unusable_styles_are_named(tiny_model, style, words):
    with pytest.raises(BadStyle) as caught:
        tiny_model.sample(1, style)
    assert words in caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("seed", [-1, 1 << 53, 1.5, "7", True])
def test_unusable_seeds_are_named(tiny_model, seed):
    with pytest.raises(BadStyle, match="seed"):
        tiny_model.sample(seed)


def test_unknown_model_names_the_shipped_ones(tmp_path):
    with pytest.raises(NoWeights) as caught:
        load_model("portrait")
    assert "portraits" in caught.value.hint
    with pytest.raises(NoWeights, match="holds no record"):
        load_model(tmp_path)


def test_tampered_weights_are_refused(tiny_folder):
    path = tiny_folder / "weights.safetensors"
    data = bytearray(path.read_bytes())
    data[-40] ^= 1
    path.write_bytes(data)
    with pytest.raises(BadWeights, match="SHA-256"):
        load_model(tiny_folder)


def test_record_of_another_model_is_refused(tiny_folder):
    path = tiny_folder / "weights.safetensors"
    model, _ = read(path)
    model.tensors["draw.up1.weight"][0, 0, 0] += 1
    digest = model.save(path)
    path = tiny_folder / "record.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "weights_sha256": digest}))
    with pytest.raises(BadWeights, match="its record says"):
        load_model(tiny_folder)


def test_a_pickle_is_never_opened(tiny_folder):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("the pickle was opened",))

    (tiny_folder / "weights.safetensors").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(BadWeights) as caught:
        load_model(tiny_folder)
    assert "pickles are never opened" in caught.value.hint


@pytest.mark.parametrize("kept", [0, 7, 100, 3000])
def test_cut_weights_are_refused(tiny_folder, kept):
    path = tiny_folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(BadWeights):
        load_model(tiny_folder)


def test_missing_or_broken_record_is_named(tiny_folder):
    (tiny_folder / "record.json").write_text("{")
    with pytest.raises(BadWeights, match=r"record\.json"):
        load_model(tiny_folder)
    (tiny_folder / "record.json").unlink()
    with pytest.raises(NoWeights, match="no record"):
        load_model(tiny_folder)


@pytest.mark.parametrize("change", ["drop", "type", "shape", "palette"])
def test_header_and_tensors_must_agree(tiny_folder, change):
    model = tiny.make()
    header, tensors = json.loads(json.dumps(model.header)), dict(model.tensors)
    if change == "type":
        tensors["draw.mask.weight"] = tensors["draw.mask.weight"].astype(np.int64)
    elif change == "shape":
        tensors["draw.mask.weight"] = tensors["draw.mask.weight"][:, :-1]
    elif change == "palette":
        tensors["palette"] = tensors["palette"][:-1]
    else:
        header["networks"]["draw"] = header["networks"]["draw"][:-1]
        header["networks"]["draw"].append({"name": "other", "kind": "dense"})
    with pytest.raises(BadWeights, match="disagree"):
        build(header, tensors)


def test_every_bit_of_the_model_is_in_its_name():
    model = tiny.make()
    names = {model.id}
    for name, tensor in model.tensors.items():
        if tensor.size:
            changed = {**model.tensors, name: tensor.copy()}
            changed[name].flat[-1] += 1
            names.add(replace(model, tensors=changed).id)
    names.add(replace(model, header={**model.header, "about": {"psi": 900}}).id)
    assert len(names) == sum(t.size > 0 for t in model.tensors.values()) + 2


def test_no_inner_node_can_pose_as_a_leaf():
    model = tiny.make()
    for tensor in model.tensors.values():
        assert len(pack(tensor)) % 32 == 0
    assert len(leaves(model.header, model.tensors)) > sum(
        t.size > 0 for t in model.tensors.values()
    )


def test_importing_the_studio_needs_numpy_alone():
    program = (
        "import sys, medici.studio; m = medici.studio.load_model(); m.sample(1);"
        "print(sorted({'torch', 'scipy', 'PIL', 'web3'} & set(sys.modules)))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout == "[]\n"


def test_training_without_torch_says_how_to_get_it(tmp_path):
    code = (
        "import sys\n"
        "sys.modules['torch'] = None\n"
        "from medici.errors import MissingPart\n"
        "from medici.studio import train\n"
        "try:\n"
        f"    train({str(tmp_path)!r}, {str(tmp_path / 'own')!r}, minutes=1)\n"
        "except MissingPart as error:\n"
        "    print(error.exit_code, error.hint)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("3 ")
    assert "[train]" in done.stdout
