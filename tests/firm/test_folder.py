import pytest

from medici.errors import MissingPart, WrongUse
from medici.firm import folder
from medici.studio.families import shipped


def test_init_makes_a_firm_once(tmp_path):
    made = folder.init(tmp_path / "my-firm")
    assert made.firm.name == "My Firm"
    assert ".medici/" in (tmp_path / "my-firm" / ".gitignore").read_text()
    before = (tmp_path / "my-firm" / "medici.toml").read_bytes()
    with pytest.raises(WrongUse, match="already holds a firm"):
        folder.init(tmp_path / "my-firm", name="Other")
    assert (tmp_path / "my-firm" / "medici.toml").read_bytes() == before


@pytest.mark.parametrize("name", ['a"b', "a\nb", "x" * 61, "$name"])
def test_names_that_would_break_the_file_are_refused(tmp_path, name):
    with pytest.raises(WrongUse, match="cannot be a firm's name"):
        folder.init(tmp_path / "f", name=name)
    assert not (tmp_path / "f" / "medici.toml").exists()


def test_a_template_nobody_knows_is_refused(tmp_path):
    with pytest.raises(WrongUse, match="unknown template") as caught:
        folder.init(tmp_path / "f", template="sculptures")
    assert "portraits" in caught.value.hint
    assert "chorales" in caught.value.hint


def test_a_file_in_the_way_is_kept(tmp_path):
    (tmp_path / "f").write_text("mine")
    with pytest.raises(WrongUse, match="is a file"):
        folder.init(tmp_path / "f")
    assert (tmp_path / "f").read_text() == "mine"


@pytest.mark.parametrize("template", folder.TEMPLATES)
def test_every_template_on_offer_needs_its_model(tmp_path, template):
    if template in shipped():
        assert folder.init(tmp_path / template, template=template).studio.model == template
        return
    with pytest.raises(MissingPart, match="is shipped") as caught:
        folder.init(tmp_path / template, template=template)
    assert "portraits" in caught.value.hint
    assert not (tmp_path / template).exists()
