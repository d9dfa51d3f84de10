import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medici.errors import BadStyle, UnreadableFile, WrongUse
from medici.studio.stylebook import Choice, StyleBook, StyleVersion

WARM, COLD = ["#aa0000", "#ffcc00"], ["#0000aa", "#00ccff"]


def warm():
    return StyleVersion(
        style={"psi": 0.7, "scale": 16},
        choices={"palette": (Choice(WARM, 3), Choice(COLD, 1), Choice(None, 0))},
        bounds={"psi": (0.4, 1.0)},
        allowed=("psi", "scale", "palette", "ground"),
    )


def test_a_version_draws_by_weight_and_a_weight_of_zero_never():
    drawn = Counter(json.dumps(warm().style_for(seed)["palette"]) for seed in range(2000))
    assert set(drawn) == {json.dumps(WARM), json.dumps(COLD)}
    assert 1400 < drawn[json.dumps(WARM)] < 1600  # 1,500 expected, five deviations


def test_the_draw_is_the_one_that_is_written_down():
    # Anyone can redo it: SHAKE-256("medici/stylebook/1\0" ‖ digest ‖ key ‖ "\0" ‖ seed), 8 bytes.
    import hashlib

    version = warm()
    for seed in range(20):
        message = b"medici/stylebook/1\0" + version.digest.raw + b"palette\0" + str(seed).encode()
        number = int.from_bytes(hashlib.shake_256(message).digest(8), "big") % 4
        assert version.style_for(seed)["palette"] == (WARM if number < 3 else COLD)


@given(st.integers(0, 2**53 - 1))
def test_a_seed_has_one_style_under_one_version(seed):
    assert warm().style_for(seed) == StyleVersion.from_json(warm().as_json()).style_for(seed)


def test_bounds_and_keys_hold_for_whoever_asks():
    version = warm()
    assert version.style_for(3, {"psi": 0.9})["psi"] == 0.9
    for wrong, said in (({"psi": 1.2}, "psi cannot be 1.2"), ({"blend": None}, "not allow blend")):
        with pytest.raises(BadStyle, match=said):
            version.style_for(3, wrong)
    with pytest.raises(BadStyle, match="psi"):
        replace(version, style={"psi": 0.1})
    with pytest.raises(BadStyle, match="psi"):
        replace(version, choices={"psi": (Choice(2.0),)})
    with pytest.raises(WrongUse, match="any weight"):
        replace(version, choices={"palette": (Choice(WARM, 0),)})
    with pytest.raises(WrongUse, match="wrong way round"):
        replace(version, bounds={"psi": (1.0, 0.4)})


def test_a_book_is_a_chain_that_shows_every_change(tmp_path):
    book = StyleBook((warm(),))
    second = book.draft("cold", "asked for by the vote", style={"psi": 0.5, "scale": 16})
    book = book.adopt(second)
    assert book.latest.parent == book[1].digest
    assert book[2].style["psi"] == 0.5
    assert book[2].choices == warm().choices
    book.save(tmp_path / "book.json")
    again = StyleBook.load(tmp_path / "book.json")
    assert [v.digest for v in again.versions] == [v.digest for v in book.versions]
    data = json.loads((tmp_path / "book.json").read_text())
    data["versions"][0]["style"]["psi"] = 0.9
    (tmp_path / "book.json").write_text(json.dumps(data))
    with pytest.raises(WrongUse, match="does not follow"):
        StyleBook.load(tmp_path / "book.json")
    with pytest.raises(WrongUse, match="no style version 3"):
        book[3]
    with pytest.raises(WrongUse, match="does not follow"):
        book.adopt(second)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "medici/stylebook/1"}'])
def test_what_is_no_book_is_refused(tmp_path, text):
    path = tmp_path / "book.json"
    path.write_text(text)
    with pytest.raises((WrongUse, UnreadableFile)):
        StyleBook.load(path)
    with pytest.raises(UnreadableFile, match=r"none\.json"):
        StyleBook.load(tmp_path / "none.json")
