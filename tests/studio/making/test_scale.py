import io
import os
import subprocess
import sys

import pytest

from medici.errors import BadStyle, NoWeights, WrongUse

pytest.importorskip("ray")

PROGRAM = """
import warnings
warnings.simplefilter("error")
from medici.studio.making import scale
for made in scale.render("portraits", 5, 40, {"scale": 1}, workers=2, together=8):
    print(made.seed, made.work, len(made.file))
import ray
assert not ray.is_initialized()
"""


@pytest.mark.timeout(600)  # Ray starts eight processes: ten seconds, on a busy machine minutes
def test_two_workers_make_what_one_process_makes_in_the_same_order(tmp_path):
    from medici.content import content_digest, encode
    from medici.studio.families import load_model

    # In a process of its own: what Ray leaves there cannot touch other tests, and whatever it
    # prints or warns of shows.
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=False,
        timeout=540,
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    works = load_model("portraits").sample_many(list(range(5, 45)), {"scale": 1})
    lines = [f"{w.seed} {content_digest(w)} {len(encode(w)[1])}" for w in works]
    assert done.stdout.splitlines() == lines


def test_what_cannot_be_made_is_seen_before_any_worker_starts():
    from medici.studio.making import scale

    with pytest.raises(BadStyle):
        list(scale.render("portraits", 0, 4, {"psi": 99}))
    with pytest.raises(NoWeights):
        list(scale.render("nobody", 0, 4))
    with pytest.raises(WrongUse):
        list(scale.render("portraits", 0, 4, workers=0))
    import ray

    assert not ray.is_initialized()


def test_a_worker_makes_pictures_with_their_digests():
    import numpy as np
    from PIL import Image

    from medici.content import picture_digest
    from medici.studio.making import scale

    made = scale.make({"id": np.arange(3)}, model="portraits", style={"scale": 1}, first=7)
    assert made["seed"].tolist() == [7, 8, 9]
    assert set(made["suffix"]) == {"png"}
    for work, file in zip(made["work"], made["file"], strict=True):
        with Image.open(io.BytesIO(file)) as image:
            assert picture_digest(np.asarray(image.convert("RGBA"))) == work


def test_a_worker_makes_music_as_sound():
    import numpy as np

    from medici.studio.making import scale

    made = scale.make({"id": np.arange(1)}, model="chorales", style={"bars": 2}, first=7)
    assert made["suffix"].tolist() == ["wav"]
    assert made["file"][0].startswith(b"RIFF")
