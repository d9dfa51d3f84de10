import itertools

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence

from medici.errors import UnreadableFile, WrongUse
from medici.studio.making import video
from medici.studio.making.video import Walk, write_film


def read_mp4(path):
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        return stream.codec_context.name, stream.pix_fmt, float(stream.average_rate), frames


def test_a_walk_passes_its_works_and_closes_its_loop(tiles):
    walk = Walk((1, 2, 3), frames=4, hold=2, style={"scale": 2})
    frames = list(walk.film(tiles))
    assert len(frames) == len(walk) == 3 * 6
    for i, seed in enumerate((1, 2, 3)):
        for still in frames[i * 6 : i * 6 + 3]:
            assert (still == tiles.sample(seed, {"scale": 2}).pixels).all()
    # One more step would be the first frame again.
    closing = Walk((1, 2, 3, 1), frames=4, hold=2, loop=False, style={"scale": 2})
    assert (list(closing.film(tiles))[18] == frames[0]).all()


def test_the_frames_of_a_walk_are_the_same_each_time(tiles):
    walk = Walk((5, 6), frames=5, hold=0, style={"scale": 1})
    for one, other in zip(walk.film(tiles), walk.film(tiles), strict=True):
        assert (one == other).all()


def test_easing_runs_from_end_to_end_without_turning_back():
    amounts = [video.ease(i, 24) for i in range(25)]
    assert amounts[0] == 0
    assert amounts[-1] == 1000
    assert amounts == sorted(amounts)
    assert amounts[1] < 1000 / 24  # slow start


def test_models_that_cannot_blend_dissolve(tiles):
    tiles.keys = {"scale": ""}
    with pytest.raises(WrongUse, match="cannot walk by blending"):
        next(Walk((1, 2)).film(tiles))
    frames = list(Walk((1, 2), frames=2, hold=0, loop=False, between="dissolve").film(tiles))
    middle = (frames[0].astype(int) + frames[2] + 1) // 2
    assert (frames[1] == middle).all()
    cuts = list(Walk((1, 2), frames=3, hold=0, loop=False, between="cut").film(tiles))
    assert (cuts[0] == cuts[2]).all()
    assert (cuts[2] != cuts[3]).any()


def test_an_mp4_can_be_read_again_and_is_near_its_frames(tiles, tmp_path):
    walk = Walk((1, 2), frames=6, hold=1, style={"scale": 1})
    told = []
    count = write_film(
        walk.film(tiles), tmp_path / "a.mp4", rate=12, factor=16, progress=told.append
    )
    codec, pixels, rate, frames = read_mp4(tmp_path / "a.mp4")
    assert (codec, pixels, rate, count) == ("h264", "yuv420p", 12.0, 14)
    assert told == list(range(1, 15))
    for frame, drawn in zip(frames, walk.film(tiles), strict=True):
        assert frame.shape == (128, 128, 3)
        gap = np.abs(frame.astype(int) - np.repeat(np.repeat(drawn, 16, 0), 16, 1)[..., :3])
        assert gap.mean() < 3
        assert np.quantile(gap, 0.99) <= 32  # chroma is smoothed across the edges of squares
    write_film(walk.film(tiles), tmp_path / "b.mp4", rate=12, factor=16)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


def test_single_pixels_keep_their_colour_and_odd_sides_are_made_even(tmp_path):
    frame = np.zeros((9, 15, 3), np.uint8)
    frame[:, ::2] = [220, 20, 40]
    frame[:, 1::2] = [20, 60, 200]
    write_film([frame, frame], tmp_path / "a.mp4")
    _, pixels, _, frames = read_mp4(tmp_path / "a.mp4")
    assert pixels == "yuv444p"
    assert frames[0].shape == (10, 16, 3)
    assert np.abs(frames[0][:9, :15].astype(int) - frame).mean() < 6
    write_film([frame], tmp_path / "b.mp4", chroma="420")
    assert read_mp4(tmp_path / "b.mp4")[1] == "yuv420p"


def test_a_webp_holds_every_frame_exactly_with_its_transparency(tiles, tmp_path):
    walk = Walk((1, 2), frames=4, hold=0, style={"scale": 1, "ground": "transparent"})
    write_film(walk.film(tiles), tmp_path / "a.webp", rate=10, factor=3)
    drawn = [np.repeat(np.repeat(f, 3, 0), 3, 1) for f in walk.film(tiles)]
    different = [k for k, _ in itertools.groupby(drawn, key=lambda f: f.tobytes())]
    with Image.open(tmp_path / "a.webp") as film:
        assert film.info["loop"] == 0
        shown = [np.asarray(f.convert("RGBA")) for f in ImageSequence.Iterator(film)]
    assert [f.tobytes() for f in shown] == different


def test_a_run_becomes_a_film_of_its_sheets(tmp_path):
    sheets = []
    for i in range(3):
        path = tmp_path / f"{i}.png"
        Image.new("RGB", (8, 4), (80 * i, 0, 0)).save(path)
        sheets.append(path)
    assert video.sheets_of(tmp_path) == sheets
    with pytest.raises(WrongUse, match="no sample sheets"):
        video.sheets_of(tmp_path / "none")
    frames = list(video.progress_film(sheets, hold=2))
    assert [f[0, 0, 0] for f in frames] == [0] * 2 + [80] * 2 + [160] * 12
    Image.new("RGB", (9, 4)).save(tmp_path / "wide.png")
    with pytest.raises(WrongUse, match=r"wide\.png is 9×4"):
        list(video.progress_film([*sheets, tmp_path / "wide.png"]))
    (tmp_path / "no.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(UnreadableFile, match=r"no\.png"):
        list(video.progress_film([tmp_path / "no.png"]))


def test_a_film_that_fails_leaves_nothing(tiles, tmp_path):
    def broken():
        yield tiles.sample(1).pixels
        raise WrongUse("out of film")

    for name in ("a.mp4", "a.webp"):
        with pytest.raises(WrongUse, match="out of film"):
            write_film(broken(), tmp_path / name)
        with pytest.raises(WrongUse, match="at least one"):
            write_film([], tmp_path / name)
        with pytest.raises(WrongUse, match="one size"):
            write_film(
                [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 6, 3), np.uint8)], tmp_path / name
            )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"name": "a.gif"}, "MP4 or WebP"),
        ({"name": "a.mp4", "rate": 0}, "frames a second"),
        ({"name": "a.mp4", "chroma": "422"}, "chroma"),
        ({"name": "a.mp4", "factor": 2000}, "play nowhere"),
    ],
)
def test_what_cannot_be_a_film_is_refused(tmp_path, words, said):
    with pytest.raises(WrongUse, match=said):
        write_film([np.zeros((4, 4, 3), np.uint8)], tmp_path / words.pop("name"), **words)


@pytest.mark.parametrize(
    "words", [{"seeds": (1,)}, {"seeds": (1, 2), "frames": 0}, {"seeds": (1, 2), "between": "wipe"}]
)
def test_a_walk_that_goes_nowhere_is_refused(words):
    with pytest.raises(WrongUse):
        Walk(**words)
