"""Mixed precision: chosen by what the processor has, never by a clock."""

from __future__ import annotations

import contextlib

import pytest

torch = pytest.importorskip("torch")

from medici.errors import MissingPart, WrongUse  # noqa: E402
from medici.studio.training.precision import Precision, deterministic, fast_bfloat16  # noqa: E402

CPU = torch.device("cpu")


def test_auto_takes_bfloat16_only_where_it_is_fast():
    expected = "bfloat16" if fast_bfloat16(CPU) else "float32"
    assert Precision("auto", CPU).setting == expected


def test_products_are_computed_in_the_format_and_gradients_arrive_in_float32():
    precision = Precision("bfloat16", CPU)
    layer = torch.nn.Linear(8, 8)
    with precision.cast():
        out = layer(torch.ones(4, 8))
    assert out.dtype == torch.bfloat16
    precision.backward(out.float().sum())
    assert layer.weight.grad.dtype == torch.float32
    with Precision("float32", CPU).cast():
        assert layer(torch.ones(4, 8)).dtype == torch.float32


def test_a_step_without_scaling_is_the_plain_step():
    one, two = torch.nn.Linear(3, 1), torch.nn.Linear(3, 1)
    two.load_state_dict(one.state_dict())
    for layer, precise in ((one, True), (two, False)):
        optimiser = torch.optim.SGD(layer.parameters(), 0.1)
        loss = layer(torch.ones(2, 3)).square().mean()
        if precise:
            precision = Precision("float32", CPU)
            precision.backward(loss)
            precision.unscale(optimiser)
            precision.step(optimiser)
        else:
            loss.backward()
            optimiser.step()
    assert (one.weight == two.weight).all()


def test_formats_that_cannot_be_had_are_refused():
    with pytest.raises(WrongUse, match="'int4' is not known"):
        Precision("int4", CPU)
    with pytest.raises(MissingPart, match="float16 needs CUDA"):
        Precision("float16", CPU)


def test_deterministic_mode_is_left_as_it_was_found():
    with contextlib.suppress(ZeroDivisionError), deterministic(True):
        assert torch.are_deterministic_algorithms_enabled()
        raise ZeroDivisionError
    assert not torch.are_deterministic_algorithms_enabled()
    with deterministic(False):
        assert not torch.are_deterministic_algorithms_enabled()
