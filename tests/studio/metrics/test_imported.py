"""Weights of strangers: tensors are read, code never is."""

from __future__ import annotations

import pytest

from medici.errors import BadWeights, MissingPart
from medici.studio.metrics.imported import _state

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.train

TENSORS = {"a": torch.arange(3.0), "b": torch.ones(2, 2)}


class Code:
    """What a pickle can hold."""

    def __reduce__(self):
        return print, ("this ran",)


def test_tensors_are_read_from_either_kind_of_file(tmp_path):
    from safetensors.torch import save_file

    save_file(TENSORS, tmp_path / "w.safetensors")
    torch.save(TENSORS, tmp_path / "w.pth")
    for path in tmp_path.iterdir():
        found = _state(path)
        assert found.keys() == TENSORS.keys()
        assert all(torch.equal(found[name], TENSORS[name]) for name in TENSORS)


def test_code_in_a_file_is_refused_and_does_not_run(tmp_path, capsys):
    torch.save({"a": Code()}, tmp_path / "evil.pth")
    with pytest.raises(BadWeights, match=r"evil\.pth holds more than tensors"):
        _state(tmp_path / "evil.pth")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_a_file_that_was_cut_short_is_named(tmp_path, name):
    from safetensors.torch import save_file

    path = tmp_path / name
    torch.save(TENSORS, path) if path.suffix == ".pth" else save_file(TENSORS, path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BadWeights, match=name.replace(".", r"\.")):
        _state(path)


def test_something_else_than_named_tensors_is_refused(tmp_path):
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(BadWeights, match="holds a list"):
        _state(tmp_path / "list.pth")


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(MissingPart, match="no weights at"):
        _state(tmp_path / "none.pth")
