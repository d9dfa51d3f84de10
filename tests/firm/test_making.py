import datetime as dt

import numpy as np
import pytest
from tests.web.build import make_firm

from medici.errors import MissingPart
from medici.firm import making
from medici.records import Rendering


def test_words_are_not_entered_into_a_firm(tmp_path):
    page = Rendering(np.zeros((4, 4, 4), np.uint8), 1, {}, "text", text="Once.")
    firm = make_firm(tmp_path / "press")
    with pytest.raises(MissingPart, match="works of kind text only come as files"):
        making.enter(firm, page, created=dt.datetime.now(dt.UTC))
    assert list(firm.catalogue) == []
