import datetime as dt

import numpy as np
import pytest
from tests.web.build import make_firm

from medici.errors import MissingPart, WrongUse
from medici.firm import making
from medici.records import Audio, Rendering


def test_words_are_not_entered_into_a_firm(tmp_path):
    page = Rendering(np.zeros((4, 4, 4), np.uint8), 1, {}, "text", text="Once.")
    firm = make_firm(tmp_path / "press")
    with pytest.raises(MissingPart, match="works of kind text only come as files"):
        making.enter(firm, page, created=dt.datetime.now(dt.UTC))
    assert list(firm.catalogue) == []


def test_music_that_no_verifier_would_read_is_not_entered(tmp_path):
    long = Audio(np.zeros((17_000_000, 2), np.int16), 44_100)
    work = Rendering(np.zeros((4, 4, 4), np.uint8), 1, {}, "music", long)
    firm = make_firm(tmp_path / "opera")
    with pytest.raises(WrongUse, match="longer than verifiers read"):
        making.enter(firm, work, created=dt.datetime.now(dt.UTC))
    assert list(firm.catalogue) == []
