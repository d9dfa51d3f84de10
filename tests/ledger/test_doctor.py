from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from medici.ledger.accounts import Keyring
from medici.ledger.doctor import Check, examine
from medici.ledger.networks import network
from medici.settings import NetworkSettings, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ledger.firm import SmallFirm


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_a_healthy_firm(firm: SmallFirm, tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys", lambda: "secret")
    keyring.create("artist", firm.artist)
    here = NetworkSettings(rpc_url=firm.rpc.url, chain_id=31337)
    net = network(Settings(network="test", networks={"test": here}), environ={})
    checks = by_name(examine(net, tmp_path, keyring, ["artist"]))
    assert {name for name, check in checks.items() if not check.ok} == set()
    assert checks["contracts"].detail == "9 contracts, all as deployed"
    assert checks["key artist"].detail == firm.artist.address
    assert checks["journal"].detail == "journal.sqlite is sound"
    assert set(checks["chain"].as_json()) == {"name", "ok", "detail", "hint", "code"}


@pytest.mark.usefixtures("rpc")
def test_everything_wrong_is_found_and_has_a_hint(firm: SmallFirm, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    Keyring(keys, lambda: "secret").create("artist")
    (keys / "artist.json").chmod(0o644)
    keyring = Keyring(keys, lambda: "wrong")
    here = NetworkSettings(rpc_url=firm.rpc.url, chain_id=31337)
    net = network(Settings(network="test", networks={"test": here}), environ={})
    code = "0x00"
    firm.rpc.call("anvil_setCode", firm.contracts.works.address, code)
    firm.sender.journal.close()
    (tmp_path / "journal.sqlite").write_bytes(b"no journal at all" * 100)
    checks = by_name(examine(net, tmp_path, keyring, ["artist", "guardian"]))
    wrong = {name: check.code for name, check in checks.items() if not check.ok}
    assert wrong == {
        "contracts": "not-deployed",
        "gas of artist": "no-funds",
        "journal": "unreadable-file",
        "key artist": "wrong-password",
        "key guardian": "no-key",
    }
    assert "another contract is there" in checks["contracts"].detail
    right = by_name(examine(net, tmp_path, Keyring(keys, lambda: "secret"), ["artist"]))
    assert "can be read by others" in right["key artist"].detail
    assert right["key artist"].hint.startswith("chmod 600")


def test_a_local_chain_that_is_not_up_is_no_fault(tmp_path: Path) -> None:
    net = network(Settings(), environ={})
    checks = by_name(examine(net, tmp_path))
    assert checks["chain"].ok
    assert "not running" in checks["chain"].detail
    assert checks["anvil"].ok
    assert not (tmp_path / "chain").exists()
    without = by_name(examine(net, tmp_path, environ={"MEDICI_ANVIL": "/nowhere"}))
    assert without["anvil"].code == "no-node"


def test_a_node_that_is_gone(tmp_path: Path) -> None:
    gone = NetworkSettings(rpc_url="http://127.0.0.1:1")
    net = network(Settings(network="gone", networks={"gone": gone}), environ={})
    checks = by_name(examine(net, tmp_path))
    assert checks["chain"].code == "no-node"
