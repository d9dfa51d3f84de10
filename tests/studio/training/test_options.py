"""Options every family shares are told from the family's own settings."""

from __future__ import annotations

import pytest

from medici.errors import WrongUse
from medici.studio.training.options import Options


def test_options_are_taken_out_of_settings():
    options, rest = Options.take({"patience": 3, "trackers": "wandb", "body": "r3gan"})
    assert options == Options(patience=3, trackers=("wandb",))
    assert rest == {"body": "r3gan"}


@pytest.mark.parametrize(
    "settings",
    [
        {"patience": "3"},
        {"judge_seconds": -1},
        {"judge_share": 0},
        {"judge_share": 1.5},
        {"deterministic": 1},
        {"recoveries": True},
    ],
)
def test_values_of_another_kind_are_refused_by_name(settings):
    with pytest.raises(WrongUse, match=next(iter(settings))):
        Options.take(settings)
