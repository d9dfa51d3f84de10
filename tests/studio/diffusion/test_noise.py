"""Noise between two seeds: at its ends theirs, in between as loud, in whatever is drawn."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from medici.errors import BadStyle
from medici.studio.diffusion.family import Diffusion
from medici.studio.diffusion.model import largest_difference
from medici.studio.families import load_model
from medici.studio.making.grid import interpolation
from medici.studio.making.video import Walk

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.train
QUICK = {"steps": 3}
FAR = 2**53 - 1


@pytest.fixture(scope="module")
def ours(trained: Path) -> Any:
    return load_model(trained)


@pytest.fixture(scope="module", params=["ours", "theirs"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    if request.param == "ours":
        return request.getfixturevalue("ours")
    out = tmp_path_factory.mktemp("adopted") / "painter"
    Diffusion().adopt(request.getfixturevalue("painter"), out)
    return load_model(out)


def towards(seed: int, amount: float) -> dict[str, Any]:
    return {"blend": {"seed": seed, "amount": amount}}


# The last two draw more noise on the way; euler-a is black after very few steps.
@pytest.mark.parametrize("scheduler", ["own", "ddpm", "euler-a"])
def test_a_blend_ends_in_the_works_of_both_seeds(model: Any, scheduler: str) -> None:
    style = {"steps": 8, "scheduler": scheduler}
    one, other = model.sample(3, style), model.sample(FAR, style)
    assert (model.sample(3, {**style, **towards(FAR, 0)}).pixels == one.pixels).all()
    assert (model.sample(3, {**style, **towards(FAR, 1)}).pixels == other.pixels).all()
    middle = model.sample(3, {**style, **towards(FAR, 0.5)})
    assert min(largest_difference(middle, end) for end in (one, other)) > 2
    back = model.sample(FAR, {**style, **towards(3, 0.5)})
    assert largest_difference(middle, back) <= 1


def test_a_blend_is_kept_in_the_style_and_its_own_seed_changes_nothing(model: Any) -> None:
    work = model.sample(3, {**QUICK, **towards(5, 0.25)})
    assert work.style["blend"] == {"seed": 5, "amount": 0.25}
    assert largest_difference(model.sample(work.seed, work.style), work) == 0
    plain = model.sample(3, QUICK)
    assert plain.style["blend"] is None
    assert (model.sample(3, {**QUICK, **towards(3, 0.5)}).pixels == plain.pixels).all()


def test_every_picture_of_a_batch_is_blended_as_it_is_alone(model: Any) -> None:
    style = {**QUICK, **towards(8, 0.4)}
    for work in model.sample_many([7, 8, 9], style):
        assert largest_difference(model.sample(work.seed, style), work) <= 1


def test_edits_are_blended_too(model: Any, drawings: Path) -> None:
    style = {"steps": 4, "image": str(drawings / "00.png"), "strength": 0.5}
    assert (
        model.sample(3, {**style, **towards(5, 1)}).pixels == model.sample(5, style).pixels
    ).all()
    half = model.sample(3, {**style, **towards(5, 0.5)})
    assert largest_difference(half, model.sample(3, style)) > 0


def test_grids_and_walks_let_the_model_draw_what_lies_between(ours: Any) -> None:
    row = interpolation(ours, [(1, 2)], 3, QUICK).cells[0]
    ends = ours.sample(1, QUICK), ours.sample(2, QUICK)
    assert (row[0].pixels == ends[0].pixels).all()
    assert (row[2].pixels == ends[1].pixels).all()
    film = list(Walk((1, 2), frames=2, hold=0, loop=False, style=QUICK).film(ours))
    assert (film[1] == row[1].pixels).all()
    dissolved = (ends[0].pixels.astype(np.int16) + ends[1].pixels) // 2
    assert np.abs(film[1] - dissolved).max() > 2


@pytest.mark.parametrize(
    "blend", [5, {}, {"seed": 1}, {"seed": -1, "amount": 0}, {"seed": 1, "amount": 1.1}]
)
def test_a_blend_that_cannot_be_is_refused(ours: Any, blend: object) -> None:
    with pytest.raises(BadStyle, match="blend"):
        ours.sample(0, {"blend": blend})


def test_noise_is_as_loud_in_between_and_lies_as_near_as_its_amount() -> None:
    import torch

    from medici.studio.diffusion.noise import Blending, stream

    one, other = (torch.randn(100_000, generator=stream(seed)) for seed in (1, 2))
    for amount in (0, 100, 500, 900, 1000):
        draw = stream(1)
        with Blending([draw], 2, amount):
            made = torch.randn(100_000, generator=draw)
        b = amount / 1000
        assert float(made.std()) == pytest.approx(1, abs=0.01)
        for end, share in ((one, 1 - b), (other, b)):
            assert float((made * end).mean()) == pytest.approx(share / np.hypot(1 - b, b), abs=0.02)


def test_what_others_draw_meanwhile_stays_theirs() -> None:
    import torch

    from medici.studio.diffusion.noise import Blending, stream

    ours, theirs = stream(1), stream(1)
    elsewhere: list[Any] = []
    with Blending([ours], 2, 500):
        here = torch.randn(4, generator=theirs)
        thread = Thread(target=lambda: elsewhere.append(torch.randn(4, generator=stream(1))))
        thread.start()
        thread.join()
        blended = torch.randn(4, generator=ours)
    assert torch.equal(here, elsewhere[0])
    assert not torch.equal(here, blended)


def test_draws_that_know_no_way_between_are_refused() -> None:
    import torch

    from medici.studio.diffusion.noise import Blending, stream

    draw = stream(1)
    with Blending([draw], 2, 500), pytest.raises(BadStyle, match="draws by randint"):
        torch.randint(9, (4,), generator=draw)
