import json
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from medici.content import content_digest, picture_digest
from medici.errors import BadStyle, Interrupted, WrongUse
from medici.studio.making.filters import Novelty, Verdict
from medici.studio.making.pipeline import REPORTS, Pipeline, produce, read_reports
from medici.studio.stylebook import Choice, StyleVersion

STYLE = {"scale": 2}


class EvenSeeds:
    """Lets even seeds pass."""

    name = "even"

    def check(self, rendering):
        even = rendering.seed % 2 == 0
        return Verdict(self.name, even, None, () if even else ("an odd seed",))


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_candidates_come_in_order_with_every_verdict(tiles):
    pipe = Pipeline(tiles, [EvenSeeds(), Novelty()], STYLE)
    out = list(pipe.run([4, 4, 5, 6]))
    assert [(r.seed, r.kept) for _, r in out] == [(4, True), (4, False), (5, False), (6, True)]
    assert [[v.filter for v in r.verdicts] for _, r in out] == [
        ["even", "novelty"],
        ["even", "novelty"],
        ["even"],
        ["even", "novelty"],
    ]
    assert out[2][1].verdicts[0].reasons == ("an odd seed",)
    for work, report in out:
        assert report.work == content_digest(work)
        assert (work.pixels == tiles.sample(report.seed, report.style).pixels).all()
    assert out[0][1].scores == {"novelty": 1.0}


def test_the_style_book_gives_every_seed_its_style(tiles):
    version = StyleVersion(choices={"psi": (Choice(0.3), Choice(1.2))}, version=1)
    out = list(Pipeline(tiles, version=version, style=STYLE).run(range(12)))
    assert {work.style["psi"] for work, _ in out} == {0.3, 1.2}
    for work, report in out:
        assert work.style["psi"] == version.style_for(work.seed)["psi"]
        assert report.style_version == 1


def test_a_batch_that_was_cut_off_goes_on_and_ends_the_same(tiles, tmp_path):
    def pipe():
        return Pipeline(tiles, [EvenSeeds(), Novelty(0.6)], STYLE)

    whole = produce(pipe(), tmp_path / "whole", first=7, keep=9)
    cut = tmp_path / "cut"

    def stop(kept):
        if kept == 4:
            raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        produce(pipe(), cut, first=7, keep=9, progress=stop)
    reports = cut / REPORTS
    # The last line is torn, as when the power fails.
    reports.write_bytes(reports.read_bytes()[:-20])
    again = produce(pipe(), cut, first=7, keep=9)
    assert again == whole
    assert whole.kept == 9
    assert whole.seen == sum(whole.refused.values()) + 9
    assert set(whole.refused) == {"even", "novelty"}
    assert files(cut) == files(tmp_path / "whole")
    # Once it is done, the same call does nothing more.
    assert produce(pipe(), cut, first=7, keep=9) == whole


def test_kept_works_are_files_named_by_their_content(tiles, tmp_path):
    produce(Pipeline(tiles, [EvenSeeds()], STYLE), tmp_path, keep=3)
    kept = [report for report in read_reports(tmp_path / REPORTS) if report.kept]
    assert len(kept) == 3
    for report in kept:
        with Image.open(tmp_path / f"{report.work[:16]}.png") as image:
            assert picture_digest(np.asarray(image.convert("RGBA"))) == report.work


def test_a_batch_ends_when_enough_were_looked_at(tiles, tmp_path):
    class Never:
        name = "never"

        def check(self, rendering):
            return Verdict(self.name, False, 0.0, ("no",))

    made = produce(Pipeline(tiles, [Never()], STYLE), tmp_path, keep=1, most=70)
    assert (made.seen, made.kept, made.next_seed, made.refused) == (70, 0, 70, {"never": 70})


def test_memory_stays_flat_however_many_are_made(tiles):
    pipe = Pipeline(tiles, [EvenSeeds()], {"scale": 16})
    tracemalloc.start()
    peaks = []
    for count in (128, 512):
        tracemalloc.reset_peak()
        for _ in pipe.run(range(count)):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_other_batches_and_damaged_reports_are_refused(tiles, tmp_path):
    pipe = Pipeline(tiles, style=STYLE)
    produce(pipe, tmp_path, first=5, keep=2)
    with pytest.raises(WrongUse, match="whose first is 5, not 6"):
        produce(pipe, tmp_path, first=6, keep=2)
    for other in (
        Pipeline(tiles, style={**STYLE, "psi": 0.25}),
        Pipeline(tiles, [Novelty(0.3)], STYLE),
        Pipeline(tiles, style=STYLE, version=StyleVersion(version=1, style={"psi": 0.9})),
    ):
        before = files(tmp_path)
        with pytest.raises(WrongUse, match="holds a batch whose"):
            produce(other, tmp_path, first=5, keep=4)
        assert files(tmp_path) == before
    path = tmp_path / REPORTS
    lines = path.read_text().splitlines()
    for bad in ("{}", "no json", json.dumps({**json.loads(lines[0]), "work": "12"})):
        path.write_text(bad + "\n" + lines[1] + "\n")
        with pytest.raises(WrongUse, match="line 1 is no report"):
            produce(pipe, tmp_path, first=5, keep=2)
    with pytest.raises(BadStyle):
        produce(Pipeline(tiles, style={"psi": 9}), tmp_path / "b", keep=1)
