"""Event files: what TensorBoard itself reads back is what was written."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from medici.studio.training.events import EventFile, crc32c


def test_the_checksum_is_castagnolis():
    # RFC 3720, appendix B.4
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E


def test_tensorboard_reads_scalars_and_pictures_back(tmp_path):
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_file_loader")
    from tensorboard.util import tensor_util

    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    events = EventFile(tmp_path / "logs")
    events.scalars(1, {"loss": 0.5, "fid": 12.25})
    events.scalars(300, {"loss": 0.25})
    events.picture(300, "samples", pixels)
    events.close()
    found = list(loader.EventFileLoader(str(events.path)).Load())
    assert found[0].file_version == "brain.Event:2"
    scalars = {
        (event.step, value.tag): float(tensor_util.make_ndarray(value.tensor))
        for event in found[1:]
        for value in event.summary.value
        if value.tag != "samples"
    }
    assert scalars == {(1, "loss"): 0.5, (1, "fid"): 12.25, (300, "loss"): 0.25}
    picture = found[-1].summary.value[0]
    data = tensor_util.make_ndarray(picture.tensor)
    assert (int(data[0]), int(data[1])) == (7, 5)
    assert (np.asarray(Image.open(io.BytesIO(data[2]))) == pixels).all()
