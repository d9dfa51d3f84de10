"""The training room: resumable to the bit, recovers, says what is wrong, keeps the best."""

from __future__ import annotations

import os
import pickle
import resource
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import pytest
from tests.studio.training.trainees import MeanColours, drawings, trainer

torch = pytest.importorskip("torch")

from medici.errors import BadWeights, Interrupted, MissingPart, WrongUse  # noqa: E402
from medici.records import Digest  # noqa: E402
from medici.studio.families import Training  # noqa: E402
from medici.studio.training.budget import Budget  # noqa: E402
from medici.studio.training.folder import forget_unpublished  # noqa: E402
from medici.studio.training.judging import PictureJudge  # noqa: E402
from medici.studio.training.options import Options  # noqa: E402
from medici.studio.training.run import Run, device_for, drive, out_of_memory  # noqa: E402
from medici.studio.training.snapshots import read_snapshot  # noqa: E402
from medici.studio.training.trainee import NotFinite, Trainee  # noqa: E402

pytestmark = pytest.mark.train

EVERY_STEP = Options(note_steps=1, snapshot_seconds=1e9, judge_seconds=1e9)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def weights(path):
    """What two runs must agree on to the bit: everything but the clock."""
    about, tensors = read_snapshot(path)
    about.pop("spent")
    return about, {k: v.numpy().tobytes() for k, v in tensors.items()}


def test_the_picture_gan_is_a_trainee():
    assert isinstance(trainer(), Trainee)


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path):
    drive(trainer(), tmp_path / "whole", Training(steps=7), options=EVERY_STEP)
    drive(trainer(), tmp_path / "parts", Training(steps=3), options=EVERY_STEP)
    drive(trainer(), tmp_path / "parts", Training(steps=7, resume=True), options=EVERY_STEP)
    name = "snapshot.safetensors"
    assert weights(tmp_path / "parts" / name) == weights(tmp_path / "whole" / name)
    drive(trainer(seed=2), tmp_path / "other", Training(steps=7), options=EVERY_STEP)
    assert weights(tmp_path / "other" / name) != weights(tmp_path / "whole" / name)


def test_ctrl_c_ends_a_whole_step_and_the_run_goes_on_to_the_bit(tmp_path):
    seen = []

    def stop(now):
        seen.append(now.step)
        if now.step == 3:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    how = Training(steps=5, progress=stop)
    with pytest.raises(Interrupted, match="stopped at step 3") as caught:
        drive(trainer(), tmp_path / "run", how, options=EVERY_STEP)
    assert caught.value.exit_code == 130
    assert seen == [1, 2, 3]
    assert signal.getsignal(signal.SIGINT) is before
    drive(trainer(), tmp_path / "run", Training(steps=5, resume=True), options=EVERY_STEP)
    drive(trainer(), tmp_path / "whole", Training(steps=5), options=EVERY_STEP)
    name = "snapshot.safetensors"
    assert weights(tmp_path / "run" / name) == weights(tmp_path / "whole" / name)


def test_progress_tells_the_share_done_and_the_time_left(tmp_path):
    told = []
    drive(trainer(), tmp_path, Training(steps=4, progress=told.append), options=EVERY_STEP)
    assert [now.step for now in told] == [1, 2, 3, 4]
    assert [now.fraction for now in told] == [0.25, 0.5, 0.75, 1.0]
    assert all(now.seconds_left >= 0 for now in told)
    assert told[-1].seconds_left == 0
    assert {"generator_loss", "discriminator_loss"} <= told[0].losses.keys()


def test_processor_time_ends_a_run_too(tmp_path):
    options = Options(cpu_seconds=1e-6)
    run = drive(trainer(), tmp_path, Training(), options=options)
    assert run.trainee.step == 1
    assert run.trainee.spent["cpu_seconds"] > 0


def test_weights_that_broke_are_recovered_from_at_half_the_rate(tmp_path):
    made = trainer()
    broken = []

    def advance(real=made.advance):
        if made.step == 2 and not broken:
            broken.append(True)
            with torch.no_grad():
                next(made.generator.parameters()).fill_(float("nan"))
        return real()

    made.advance = advance
    rate = made.rate
    run = drive(made, tmp_path, Training(steps=5), options=EVERY_STEP)
    assert broken
    assert made.step == 5
    assert made.spent["recoveries"] == 1
    events = [row for row in run.curves.rows() if row.get("event") == "recovered"]
    assert [row["rate"] for row in events] == [rate / 2]
    assert all(p.isfinite().all() for p in made.generator.parameters())


def test_training_that_always_breaks_says_so(tmp_path):
    made = trainer()

    def advance():
        raise NotFinite("loss is nan")

    made.advance = advance
    with pytest.raises(WrongUse, match="diverged 4 times") as caught:
        drive(made, tmp_path, Training(steps=5), options=EVERY_STEP)
    assert caught.value.code == "training-diverged"


def test_full_memory_halves_the_batch_until_it_fits(tmp_path):
    made = trainer()

    def advance(real=made.advance):
        if made.batch > 2:
            torch.empty(1 << 55)  # more than any machine has
        return real()

    made.advance = advance
    run = drive(made, tmp_path, Training(steps=3), options=EVERY_STEP)
    assert made.batch == 2
    assert [row["batch"] for row in run.curves.rows() if "batch" in row] == [4, 2]
    again = trainer()
    again.load(run.snapshot)
    assert again.batch == 2


def test_memory_for_not_even_one_sample_is_a_clear_message(tmp_path):
    made = trainer()

    def advance():
        torch.empty(1 << 55)

    made.advance = advance
    with pytest.raises(MissingPart, match="does not hold a step of 1 samples") as caught:
        drive(made, tmp_path, Training(steps=3), options=EVERY_STEP)
    assert caught.value.code == "out-of-memory"
    assert read_snapshot(tmp_path / "snapshot.safetensors")[0]["step"] == 0


def test_other_errors_are_no_lack_of_memory():
    assert out_of_memory(MemoryError())
    assert not out_of_memory(RuntimeError("shapes differ"))
    assert not out_of_memory(ValueError("can't allocate memory"))


def test_a_full_disk_leaves_the_old_snapshot_and_a_clear_message(tmp_path):
    made = trainer()
    path = tmp_path / "snapshot.safetensors"
    made.save(path)
    before = path.read_bytes()
    made.advance()
    with smaller_files(len(before) // 2):
        with pytest.raises(MissingPart, match=r"snapshot\.safetensors .* cannot be written") as no:
            made.save(path)
        with pytest.raises(MissingPart, match=r"new/snapshot\.safetensors") as first:
            drive(trainer(), tmp_path / "new", Training(steps=1))
    assert no.value.code == first.value.code == "disk-full"
    assert "the one before it is whole, and the same command with --resume" in no.value.hint
    assert "nothing was written, and the same command begins anew" in first.value.hint
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["snapshot.safetensors"]


@contextmanager
def smaller_files(most):
    """A limit on the size of files stands in for a full disk: both fail in the same system call."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_snapshot_of_another_architecture_is_refused_by_name(tmp_path):
    drive(trainer(), tmp_path, Training(steps=1), options=EVERY_STEP)
    with pytest.raises(BadWeights, match=r"body 'dcgan', not 'r3gan'; width 8, not 16"):
        drive(
            trainer(body="r3gan", width=16),
            tmp_path,
            Training(steps=2, resume=True),
            options=EVERY_STEP,
        )


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_offered_as_a_snapshot_is_never_opened(tmp_path, protocol):
    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(marker),))

    path = tmp_path / "snapshot.safetensors"
    path.write_bytes(pickle.dumps(Evil(), protocol))
    with pytest.raises(BadWeights):
        drive(trainer(), tmp_path, Training(steps=2, resume=True), options=EVERY_STEP)
    torch.save({"step": 1}, path)
    with pytest.raises(BadWeights, match="is a pickle, which can run any code"):
        drive(trainer(), tmp_path, Training(steps=2, resume=True), options=EVERY_STEP)
    assert not marker.exists()


def test_a_snapshot_cut_short_is_refused(tmp_path):
    drive(trainer(), tmp_path, Training(steps=1), options=EVERY_STEP)
    path = tmp_path / "snapshot.safetensors"
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(BadWeights, match=r"snapshot\.safetensors is not a training snapshot"):
        drive(trainer(), tmp_path, Training(steps=2, resume=True), options=EVERY_STEP)


def test_wrong_use_of_a_run_is_named(tmp_path):
    with pytest.raises(WrongUse, match="needs an end"):
        drive(trainer(), tmp_path, Training())
    with pytest.raises(WrongUse, match="nothing to judge by"):
        drive(trainer(), tmp_path, Training(steps=1), options=Options(patience=3))
    assert not (tmp_path / "snapshot.safetensors").exists()
    with pytest.raises(WrongUse, match="more than nothing"):
        drive(trainer(), tmp_path, Training(steps=0))
    with pytest.raises(WrongUse, match="nothing to resume"):
        drive(trainer(), tmp_path, Training(steps=1, resume=True))
    drive(trainer(), tmp_path, Training(steps=1), options=EVERY_STEP)
    with pytest.raises(WrongUse, match="holds a training run"):
        drive(trainer(), tmp_path, Training(steps=1))
    with pytest.raises(WrongUse, match="no device is called 'gpu'"):
        device_for("gpu")


def test_a_run_does_not_go_on_with_other_data(tmp_path):
    one, other = Digest.of(b"one"), Digest.of(b"other")
    drive(trainer(), tmp_path, Training(steps=1), data=one)
    before = weights(tmp_path / "snapshot.safetensors")
    more = Training(steps=2, resume=True)
    with pytest.raises(WrongUse, match="trained on other data") as caught:
        drive(trainer(), tmp_path, more, data=other)
    assert caught.value.code == "other-data"
    assert weights(tmp_path / "snapshot.safetensors") == before
    assert drive(trainer(), tmp_path, more, data=one).trainee.step == 2


def test_a_run_resumed_at_another_size_hears_of_the_size_not_of_the_data(tmp_path):
    small, large = drawings(), drawings(side=32)
    drive(trainer(small), tmp_path, Training(steps=1), data=small.root)
    more = Training(steps=2, resume=True)
    with pytest.raises(BadWeights, match="side 16, not 32") as caught:
        drive(trainer(large), tmp_path, more, data=large.root)
    assert caught.value.code == "other-architecture"
    assert "the same settings and data" in caught.value.hint


def test_a_run_that_is_over_is_not_trained_further_before_it_is_published(tmp_path):
    minutes, told = 0.02, []
    run = drive(trainer(), tmp_path, Training(minutes=minutes), options=EVERY_STEP)
    ended = run.trainee.step
    for again in (Training(minutes=minutes, resume=True), Training(resume=True)):
        how = replace(again, progress=told.append)
        assert drive(trainer(), tmp_path, how, options=EVERY_STEP).trainee.step == ended
    assert [(now.step, now.fraction) for now in told] == [(ended, 1), (ended, 1)]
    more = Training(steps=ended + 1, resume=True)
    assert drive(trainer(), tmp_path, more, options=EVERY_STEP).trainee.step == ended + 1
    forget_unpublished(tmp_path)
    more = Training(minutes=minutes, resume=True)
    assert drive(trainer(), tmp_path, more, options=EVERY_STEP).trainee.step > ended + 1


@pytest.mark.parametrize("name", ["mps", "meta"])
def test_a_device_that_nothing_is_trained_on_is_refused(name):
    with pytest.raises(WrongUse, match="nothing here is trained on"):
        device_for(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_missing_device_is_named():
    with pytest.raises(MissingPart, match="no CUDA device answers"):
        device_for("cuda:1")


def test_the_best_moment_is_kept_and_a_plateau_ends_the_run(tmp_path):
    data = drawings()
    judge = PictureJudge(MeanColours(), drawings(40), data, n=40)
    options = Options(note_steps=1, judge_seconds=0, judge_share=1, patience=2)
    run = drive(trainer(data), tmp_path, Training(steps=60), judge=judge, options=options)
    rows = [row for row in run.curves.rows() if "average" in row]
    best = min(rows, key=lambda row: row["fid"])
    about, _ = read_snapshot(run.best)
    assert (about["step"], about["average"]) == (best["step"], best["average"])
    assert run.lowest == pytest.approx(best["fid"], rel=1e-4)
    ends = [row for row in run.curves.rows() if row.get("event") == "plateau"]
    assert len(ends) == (run.trainee.step < 60)
    assert {"fid", "precision", "recall", "coverage"} <= rows[0].keys()
    again = PictureJudge(MeanColours(), drawings(40), data, n=40)
    how = Training(steps=run.trainee.step + 1, resume=True)
    resumed = drive(trainer(data), tmp_path, how, judge=again, options=EVERY_STEP)
    assert resumed.lowest <= run.lowest * 1.001


def test_a_run_that_copies_its_data_is_warned_of(tmp_path):
    data = drawings()
    made = trainer(data)
    made.samples = lambda n, which: data.take(data.order(0, n, 1))
    judge = PictureJudge(MeanColours(), drawings(80), data, n=24)
    judge.fresh = judge.fresh[::-1].copy()
    judge.fresh[..., 0] //= 2  # other drawings than those that are copied
    run = drive(made, tmp_path, Training(steps=1), judge=judge, options=EVERY_STEP)
    told = [row for row in run.curves.rows() if row.get("about") == "memorisation"]
    assert told
    assert run.curves.series()["events"] == told


def test_samples_by_step_and_curves_are_data(tmp_path):
    options = Options(note_steps=1, judge_seconds=0, judge_share=1)
    run = drive(trainer(), tmp_path, Training(steps=3), options=options)
    told = run.curves.series()
    assert [sheet["step"] for sheet in told["sheets"]] == [1, 2, 3]
    assert all((tmp_path / sheet["file"]).read_bytes()[1:4] == b"PNG" for sheet in told["sheets"])
    losses = told["series"]["generator_loss"]
    assert losses["step"] == [1, 2, 3]
    assert len(losses["value"]) == 3
    assert (tmp_path / "curves.json").exists()


def test_a_look_that_costs_too_much_is_put_off_and_a_resumed_run_remembers(tmp_path):
    cpu = [0.0]

    def draw(pictures, path):
        path.write_bytes(b"sheet")
        cpu[0] += 3600

    def run(steps):
        made = Run(trainer(), tmp_path, draw=draw, options=Options(judge_seconds=0))
        made._show = lambda sheet: None
        made.looks.cpu = lambda: cpu[0]
        if made.snapshot.exists():
            made.resume()
        made.go(Budget(steps=steps))
        made.finish()
        return [int(sheet.stem) for sheet in made.curves.sheets()]

    assert run(steps=4) == [1, 4]  # the first, whose cost nobody knows, and the last
    assert run(steps=6) == [1, 4, 6]


def test_deterministic_mode_is_on_while_training_and_off_afterwards(tmp_path):
    made = trainer()
    seen = []

    def advance(real=made.advance):
        seen.append(torch.are_deterministic_algorithms_enabled())
        return real()

    made.advance = advance
    drive(made, tmp_path, Training(steps=2), options=Options(deterministic=True))
    assert seen == [True, True]
    assert not torch.are_deterministic_algorithms_enabled()


def test_without_torch_the_room_says_what_to_install():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from medici.errors import MissingPart\n"
        "try:\n import medici.studio.training.run\n"
        "except MissingPart as error:\n print(error.hint)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'medici[train]'" in said.stdout
