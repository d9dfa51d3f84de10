"""What trainees share: kept in snapshots, those of older versions among them."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from tests.studio.music import tiny  # noqa: E402
from tests.studio.training.trainees import drawings, trainer  # noqa: E402

from medici.studio.diffusion.recipe import Recipe as Denoising  # noqa: E402
from medici.studio.diffusion.trainer import Trainer as Denoiser  # noqa: E402
from medici.studio.music import gan  # noqa: E402
from medici.studio.music import trainer as music  # noqa: E402
from medici.studio.music.examples import Examples  # noqa: E402
from medici.studio.music.networks import Shape  # noqa: E402
from medici.studio.training.parallel import Workers  # noqa: E402
from medici.studio.training.snapshots import read_snapshot, write_snapshot  # noqa: E402
from medici.studio.training.state import State  # noqa: E402

pytestmark = pytest.mark.train


def drawn(state):
    return torch.randn(5, generator=state.random).tolist()


def test_a_state_goes_on_where_it_was_kept():
    state = State(seed=3, rate=0.5, batch=8)
    state.step, state.fraction, state.spent["looks"] = 7, 0.25, 2.0
    state.reseed(2)
    state.slow_down(0.25)
    state.resize(4)
    drawn(state)
    about, tensors = dict(state.state()), state.random_states()
    about["spent"] = dict(about["spent"])
    other = State(seed=9, rate=1.0, batch=1)
    other.restore(about, tensors)
    assert other.state() == state.state()
    assert drawn(other) == drawn(state)


def test_workers_draw_apart_in_one_order():
    one, two = (State(3, 0.5, 8, Workers(rank, 2)) for rank in range(2))
    assert one.order == two.order
    assert drawn(one) != drawn(two)
    one.step = two.step = 5
    assert (one.turn, two.turn) == (10, 11)
    # A worker more than wrote the snapshot draws what nobody else does.
    third = State(9, 0.5, 8, Workers(2, 3))
    third.restore(one.state(), {"random.0": one.random.get_state()})
    assert drawn(third) not in (drawn(one), drawn(two))


def test_the_rate_reaches_the_optimisers():
    state = State(3, 0.5, 8)
    state.optimisers = [torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.5)]
    state.slow_down(0.125)
    assert state.optimisers[0].param_groups[0]["lr"] == 0.125


def denoiser():
    recipe = Denoising.from_settings({"widths": [8, 16], "batch": 4})
    return Denoiser(drawings(), recipe, 0, torch.device("cpu"))


def composer():
    shape = Shape(width=12, inner=8, blocks=1, inside=6, near=(1, 2), far=(4, 8))
    return music.Trainer(Examples(tiny.varied(2), shape), music.Recipe(shape, batch=16), seed=3)


def rolls():
    return gan.GanTrainer(tiny.varied(6), gan.GanRecipe(8, 8, 4, lazy=2), seed=3)


@pytest.mark.parametrize(
    ("make", "gone", "state"),
    [
        (trainer, {"order", "fraction"}, "random.0"),
        (denoiser, {"fraction"}, "random.0"),
        (composer, {"order", "fraction", "rate"}, "randomness"),
        (rolls, {"order", "fraction"}, "random"),
    ],
)
def test_snapshots_of_older_versions_go_on_to_the_bit(tmp_path, make, gone, state):
    straight = make()
    for _ in range(2):
        straight.advance()
    path = tmp_path / "snapshot.safetensors"
    straight.save(path)
    about, tensors = read_snapshot(path)
    about = {k: v for k, v in about.items() if k not in gone} | {"salt": 0}
    tensors[state] = tensors.pop("random.0")
    write_snapshot(path, about, tensors)
    resumed = make()
    resumed.load(path)
    losses = [[made.advance() for _ in range(2)] for made in (straight, resumed)]
    assert losses[0] == losses[1]
