from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from tests.ledger.firm import plan
from tests.ledger.probe import QUICK, nonce

from medici.errors import ChainRefused, NotDeployed, StateFromOtherVersion, UnreadableFile
from medici.ledger import deploy, deployment
from medici.ledger.accounts import Key
from medici.ledger.journal import Journal
from medici.ledger.node import fund
from medici.ledger.sender import Sender
from medici.ledger.timelock import govern

if TYPE_CHECKING:
    from pathlib import Path

    from medici.ledger.rpc import Rpc


@pytest.fixture
def deployer(rpc: Rpc) -> Key:
    key = Key.generate()
    fund(rpc, [key.address])
    return key


def test_a_firm_is_deployed_and_its_deployer_is_powerless(
    rpc: Rpc, sender: Sender, artist: Key, deployer: Key, tmp_path: Path
) -> None:
    steps: list[str] = []
    contracts = deploy.deploy(rpc, sender, deployer, plan(artist), tmp_path, steps.append)
    assert steps[0] == "TimelockController"
    deploy.check_handed_over(contracts, deployer.address)
    assert contracts.works.name_() == "Bottega"
    assert contracts.works.get_transfer_validator() == contracts.validator.address
    assert contracts.revenue.is_depositor(contracts.market.address)
    assert contracts.shares.balance_of(artist.address) == 1000 * 10**18
    assert contracts.currency.decimals() == 6
    for call in (
        contracts.works.pause(),
        contracts.registry.transfer_governance(deployer.address),
        contracts.revenue.set_depositor(deployer.address, True),
    ):
        with pytest.raises(ChainRefused, match="only "):
            sender.send(f"grab {call.label}", deployer, call)
    book = deployment.load(tmp_path, 31337)
    assert book == contracts.deployment
    assert 0 < book.block <= book.contracts["Shares"].block
    deployment.check(rpc, book)


def test_deploying_again_only_checks(
    rpc: Rpc, sender: Sender, artist: Key, deployer: Key, tmp_path: Path
) -> None:
    first = deploy.deploy(rpc, sender, deployer, plan(artist), tmp_path)
    before = nonce(rpc, deployer.address)
    assert deploy.deploy(rpc, sender, deployer, plan(artist), tmp_path).addresses() == (
        first.addresses()
    )
    assert nonce(rpc, deployer.address) == before


def test_a_deployment_broken_off_anywhere_ends_at_the_same_addresses(
    rpc: Rpc, artist: Key, deployer: Key, tmp_path: Path
) -> None:
    class Breaks(Exception):
        pass

    journal = Journal(tmp_path / "journal.sqlite", time.time)
    crossed = 0
    for limit in (7, 19, 40, 61, 10_000):
        count = 0

        def checkpoint(_: str, limit: int = limit) -> None:
            nonlocal count, crossed
            count += 1
            crossed += 1
            if count >= limit:
                raise Breaks

        sender = Sender(rpc, journal, 31337, patience=QUICK, checkpoint=checkpoint)
        try:
            contracts = deploy.deploy(rpc, sender, deployer, plan(artist), tmp_path)
            break
        except Breaks:
            assert not deployment.path_of(tmp_path, 31337).exists()
    assert crossed > 60
    sent = {i.key for i in journal.mined(31337)}
    assert nonce(rpc, deployer.address) == len(sent)
    deployment.check(rpc, contracts.deployment)
    journal.close()


def test_books_that_do_not_fit_the_chain_are_noticed(
    rpc: Rpc, sender: Sender, artist: Key, deployer: Key, tmp_path: Path
) -> None:
    snapshot = rpc.call("evm_snapshot")
    deploy.deploy(rpc, sender, deployer, plan(artist), tmp_path)
    assert rpc.call("evm_revert", snapshot)
    with pytest.raises(NotDeployed, match="nothing is there"):
        deployment.check(rpc, deployment.load(tmp_path, 31337))


def test_damaged_and_foreign_books(tmp_path: Path) -> None:
    with pytest.raises(NotDeployed, match="no contracts on chain 5"):
        deployment.load(tmp_path, 5)
    path = deployment.path_of(tmp_path, 5)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"schema": "medici/deployment/2", "contracts": {}}))
    with pytest.raises(StateFromOtherVersion):
        deployment.load(tmp_path, 5)
    path.write_text('{"schema": ')
    with pytest.raises(UnreadableFile):
        deployment.load(tmp_path, 5)


def test_governance_acts_through_the_timelock_once(
    rpc: Rpc, sender: Sender, artist: Key, deployer: Key, tmp_path: Path
) -> None:
    contracts = deploy.deploy(rpc, sender, deployer, plan(artist), tmp_path)
    pause = contracts.works.pause()
    receipt = govern(sender, contracts.timelock, "pause", artist, pause)
    assert contracts.works.paused()
    assert govern(sender, contracts.timelock, "pause", artist, pause) == receipt
    govern(sender, contracts.timelock, "go on", artist, contracts.works.unpause())
    assert not contracts.works.paused()
    with pytest.raises(ChainRefused, match="lacks the role"):
        govern(sender, contracts.timelock, "coup", deployer, pause)
