from pathlib import Path

import pytest

from medici import settings
from medici.errors import BadSettings, NoFirm
from medici.firm import folder


@pytest.fixture
def firm(tmp_path):
    folder.init(tmp_path / "bottega", name="Bottega")
    return tmp_path / "bottega"


def test_a_new_firm_has_the_defaults(firm):
    read = settings.load(firm, {})
    assert read.firm.name == "Bottega"
    assert read.auction == settings.AuctionSettings()
    assert read.money == settings.MoneySettings()
    assert read.collectors == settings.CollectorsSettings()
    assert read.active_network.chain_id == 31337


def test_the_environment_overrides_the_file(firm):
    read = settings.load(firm, {"MEDICI_AUCTION__RESERVE": "80", "MEDICI_ROUND__VETTED": "4"})
    assert read.auction.reserve == "80"
    assert read.round.vetted == 4


def test_a_firm_is_found_from_inside_it(firm):
    inner = firm / "out" / "works"
    inner.mkdir(parents=True)
    assert settings.find_firm(inner) == firm
    with pytest.raises(NoFirm):
        settings.find_firm(Path("/"))
    # A name that was mistyped inside of a firm is not the firm.
    with pytest.raises(NoFirm, match="is no folder"):
        settings.find_firm(inner / "nosuch")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[money]\nroyalti = 3", "unknown setting money.royalti"),
        ("[money]\nartist = 9000", "sum to 10000"),
        ("[auction]\nreserve = 'lots'", "not an amount"),
        ("[auction]\nduration = 1", "out of range"),
        ("[round]\nvetted = 65", "out of range"),
        ("network = ", "not valid TOML"),
        ("[money]\nartist = true", "wrong type"),
        ("money = 3", "must be a table"),
        ("[round]\ncandidates = 'many'", "not a whole number"),
    ],
)
def test_bad_settings_are_named(tmp_path, text, said):
    (tmp_path / "medici.toml").write_text(text)
    with pytest.raises(BadSettings) as caught:
        settings.load(tmp_path, {})
    assert said in caught.value.message


def test_an_unknown_network_is_told_with_the_known_ones(firm):
    read = settings.load(firm, {"MEDICI_NETWORK": "moon"})
    with pytest.raises(BadSettings, match="moon"):
        _ = read.active_network
