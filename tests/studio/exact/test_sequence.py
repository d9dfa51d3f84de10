"""Exact sequences: held to plain integers, to their float twin, and to themselves in any batch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from medici.errors import BadWeights  # noqa: E402
from medici.studio.exact import identity  # noqa: E402
from medici.studio.exact.network import Network  # noqa: E402
from medici.studio.exact.sequence import OPEN, Sequence, Weights  # noqa: E402
from medici.studio.training.autoregressive import Autoregressive  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.train


def twin(relative: bool) -> Autoregressive:
    torch.manual_seed(4)
    network = Autoregressive(
        6, 5, width=24, inner=16, heads=3, periods=4, channels=2, told_values=3, relative=relative
    )
    with torch.no_grad():
        for layer in network.second:
            layer.weight.normal_(0, 0.2)
    return network


def told(n: int, length: int) -> np.ndarray:
    return np.random.default_rng(1).integers(3, size=(n, length, 2))


@pytest.mark.parametrize("relative", [False, True])
def test_the_exact_scores_follow_the_float_twin(relative: bool) -> None:
    network = twin(relative)
    exact = Sequence(network.to_exact())
    tokens = np.random.default_rng(0).integers(5, size=(7, 6))
    with torch.no_grad():
        float_scores = network(torch.from_numpy(tokens), torch.from_numpy(told(7, 6))).numpy()
    whole = exact.log_scores(tokens, told(7, 6)) / 1024
    assert np.abs(whole - float_scores).max() < 0.02


@pytest.mark.parametrize("relative", [False, True])
def test_a_batch_draws_what_each_draws_alone(relative: bool) -> None:
    exact = Sequence(twin(relative).to_exact())
    seeds = [3, 1, 4, 1, 5]
    together = exact.draw(exact.noise("codes", seeds, 6), told=told(5, 6))
    for i, seed in enumerate(seeds):
        alone = exact.draw(exact.noise("codes", [seed], 6), told=told(5, 6)[i : i + 1])
        assert (alone[0] == together[i]).all()


def test_the_draw_is_the_specified_one_in_plain_integers() -> None:
    weights = twin(relative=True).to_exact()
    exact = Sequence(weights)
    noise = exact.noise("codes", [9], 6)
    drawn = exact.draw(noise, psi=700, told=told(1, 6))[0].tolist()
    tokens: list[int] = []
    for t in range(6):
        hidden = []
        for c in range(24):
            acc = int(weights.positions[t % 4, c])
            for back in range(1, t + 1):
                acc += 1024 * int(weights.tables[back - 1, tokens[t - back], c])
            for channel in range(2):
                acc += 1024 * int(weights.conditions[channel, told(1, 6)[0, t, channel], c])
            v = acc >> weights.shift
            hidden.append(min(max(max(v, (3 * v) >> 4), -32768), 32767))
        for first, second in zip(weights.blocks[::2], weights.blocks[1::2], strict=True):
            inner = []
            for row, bias in zip(first.weight.tolist(), first.bias.tolist(), strict=True):
                v = (bias + sum(w * x for w, x in zip(row, hidden, strict=True))) >> first.shift
                inner.append(min(max(max(v, (3 * v) >> 4), -32768), 32767))
            after = []
            for o, row in enumerate(second.weight.tolist()):
                acc = int(second.bias[o]) + sum(w * x for w, x in zip(row, inner, strict=True))
                after.append(min(max((acc >> second.shift) + hidden[o], -32768), 32767))
            hidden = after
        scores = []
        for v in range(5):
            row = weights.heads[t % 3, v].tolist()
            acc = int(weights.offsets[t % 3, v])
            acc += sum(w * x for w, x in zip(row, hidden, strict=True))
            scores.append(min(max(acc >> weights.score_shift, -32768), 32767))
        best = [1000 * s + 700 * int(noise[0, t, v]) for v, s in enumerate(scores)]
        tokens.append(best.index(max(best)))
    assert tokens == drawn


def choosing() -> Weights:
    """A window of three tokens, told as chosen ones: the turns see different tables."""
    weights = twin(relative=True).to_exact()
    reads = (((1, 0), (2, 1)), ((1, 2), (3, 5), (2, 1)))
    return replace(weights, relative=False, reads=reads)


def test_chosen_tokens_are_those_that_the_turn_names() -> None:
    weights = choosing()
    exact = Sequence(weights)
    tokens = np.random.default_rng(0).integers(5, size=(4, 7))
    scores = exact.log_scores(tokens)
    for t in range(7):
        rows = [
            weights.tables[table, tokens[:, t - back]]
            for back, table in weights.reads[t % 2]
            if back <= t
        ]
        acc = 1024 * np.sum(rows, 0, np.int64) + weights.positions[t % 4]
        v = acc >> weights.shift
        hidden = np.clip(np.maximum(v, (3 * v) >> 4), -32768, 32767).astype(np.float64)
        after = Network(weights.blocks)(hidden).astype(np.int64)
        acc = weights.offsets[t % 3] + after @ weights.heads[t % 3].astype(np.int64).T
        assert (scores[:, t] == np.clip(acc >> weights.score_shift, -32768, 32767)).all()


def test_chosen_tokens_are_kept_in_the_file(tmp_path: Path) -> None:
    model = identity.assemble("music", {}, {}, {"notes": choosing()})
    model.save(tmp_path / "w.safetensors")
    again, _ = identity.read(tmp_path / "w.safetensors")
    assert again.id == model.id
    assert again.sequences["notes"].weights.reads == choosing().reads


@pytest.mark.parametrize("reads", [(((0, 1),),), (((1, 6),),), (((1, -1),),)])
def test_a_choice_of_no_earlier_token_is_refused(reads: tuple[tuple[tuple[int, int]]]) -> None:
    with pytest.raises(ValueError, match="no table"):
        Sequence(replace(choosing(), reads=reads))


def test_given_tokens_stay_and_shape_what_follows() -> None:
    exact = Sequence(twin(relative=False).to_exact())
    given = np.full((64, 6), OPEN, np.int64)
    given[:, 0] = 2
    noise = exact.noise("codes", range(64), 6)
    free, bound = exact.draw(noise), exact.draw(noise, given=given)
    assert (bound[:, 0] == 2).all()
    assert (free[:, 1:] != bound[:, 1:]).any()


def test_no_temperature_takes_the_likeliest_whatever_the_seed() -> None:
    exact = Sequence(twin(relative=False).to_exact())
    drawn = exact.draw(exact.noise("codes", range(20), 6), psi=0)
    assert (drawn == drawn[0]).all()


def test_draws_follow_the_scores() -> None:
    exact = Sequence(twin(relative=False).to_exact())
    drawn = exact.draw(exact.noise("codes", range(20000), 1))[:, 0]
    scores = exact.log_scores(np.zeros((1, 1), np.int64))[0, 0] / 1024
    expected = np.exp(scores - scores.max())
    shares = np.bincount(drawn, minlength=5) / len(drawn)
    assert np.abs(shares - expected / expected.sum()).max() < 0.015


def test_an_absolute_model_refuses_a_longer_sequence() -> None:
    exact = Sequence(twin(relative=False).to_exact())
    with pytest.raises(BadWeights, match="at most 6"):
        exact.draw(exact.noise("codes", [1], 7))
