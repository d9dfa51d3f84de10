from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.ledger.probe import alive

from medici.errors import NoNode, PortTaken, StateFromOtherVersion, WrongUse
from medici.ledger.node import Node, advance_to, chain_time, find_anvil, fund
from medici.ledger.rpc import Rpc

if TYPE_CHECKING:
    from pathlib import Path


def height(url: str) -> int:
    with Rpc(url) as rpc:
        return int(rpc.call("eth_blockNumber"), 16)


def mine(url: str, blocks: int = 1) -> None:
    with Rpc(url) as rpc:
        for _ in range(blocks):
            rpc.call("evm_mine")


def test_up_is_adopted_and_down_keeps_the_chain(tmp_path: Path) -> None:
    node = Node(tmp_path / "chain")
    running = node.up()
    try:
        assert Node(tmp_path / "chain").up() == running == node.running()
        mine(running.url, 3)
    finally:
        assert node.down()
    assert not node.down()
    assert node.running() is None
    assert not alive(running.anvil)
    assert not alive(running.keeper)
    assert sorted(p.name for p in (tmp_path / "chain").iterdir()) == [
        "chain.json",
        "lock",
        "state.json",
    ]
    with node.tied() as again:
        assert height(again.url) == 3


def test_tied_to_a_command_nothing_is_left_behind(tmp_path: Path) -> None:
    node = Node(tmp_path / "chain")
    with node.tied() as running:
        mine(running.url)
        with node.tied() as same:  # adopted
            assert same == running
        assert node.running() == running
    assert not alive(running.anvil)
    assert not alive(running.keeper)


def test_a_command_killed_by_force_takes_its_chain_along_and_its_state_is_kept(
    tmp_path: Path,
) -> None:
    code = (
        "import os, sys, time\nfrom pathlib import Path\n"
        "from medici.ledger.node import Node\nfrom medici.ledger.rpc import Rpc\n"
        "with Node(Path(sys.argv[1])).tied() as r:\n"
        "    Rpc(r.url).call('evm_mine'); print(r.anvil, r.keeper, flush=True); time.sleep(60)\n"
    )
    node = Node(tmp_path / "chain")
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "chain")], stdout=subprocess.PIPE, text=True
    ) as command:
        assert command.stdout is not None
        anvil, keeper = map(int, command.stdout.readline().split())
        assert alive(anvil)
        command.kill()
    node._wait_until_gone()
    assert not alive(anvil)
    assert not alive(keeper)
    with node.tied() as running:
        assert height(running.url) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel passes the word on only on Linux")
def test_a_keeper_killed_by_force_takes_its_chain_along_and_its_state_is_kept(
    tmp_path: Path,
) -> None:
    node = Node(tmp_path / "chain")
    running = node.up()
    mine(running.url, 2)
    os.kill(running.keeper, signal.SIGKILL)
    node._wait_until_gone()
    assert not alive(running.anvil)
    with node.tied() as again:
        assert height(again.url) == 2


def test_a_chain_killed_by_force_wakes_up_at_its_last_save(tmp_path: Path) -> None:
    node = Node(tmp_path / "chain", save_every=0.1)
    running = node.up()
    mine(running.url, 2)
    deadline = time.monotonic() + 10
    state = tmp_path / "chain" / "state.json"
    while not (state.exists() and json.loads(state.read_bytes())["best_block_number"] == 2):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(running.anvil, signal.SIGKILL)
    node._wait_until_gone()
    assert node.running() is None
    with node.tied() as again:
        assert height(again.url) == 2


def test_a_save_cut_short_is_not_taken(tmp_path: Path) -> None:
    node = Node(tmp_path / "chain")
    with node.tied() as running:
        mine(running.url, 2)
    whole = (tmp_path / "chain" / "state.json").read_bytes()
    (tmp_path / "chain" / "leaving.json").write_bytes(whole[: len(whole) // 2])
    with node.tied() as running:
        assert height(running.url) == 2


def test_time_never_runs_backwards_over_a_restart(tmp_path: Path) -> None:
    node = Node(tmp_path / "chain")
    with node.tied() as running, Rpc(running.url) as rpc:
        ahead = advance_to(rpc, int(time.time()) + 100_000)
    with node.tied() as running, Rpc(running.url) as rpc:
        rpc.call("evm_mine")
        assert ahead <= chain_time(rpc) < ahead + 60


@pytest.mark.parametrize("many", [8])
def test_many_who_start_it_at_once_share_one_chain(tmp_path: Path, many: int) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom medici.ledger.node import Node\n"
        "print(Node(Path(sys.argv[1])).up().anvil)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "chain")]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(many)]
    found = set()
    for racer in racers:
        with racer:
            assert racer.stdout is not None
            found.add(racer.stdout.read())
    assert Node(tmp_path / "chain").down()
    assert len(found) == 1


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} is used"):
            Node(tmp_path / "chain").up(port)
    assert Node(tmp_path / "chain").running() is None
    node = Node(tmp_path / "chain")
    with node.tied(port) as running:
        assert running.port == port
        with pytest.raises(PortTaken, match="already runs on port"):
            node.up(port + 1)


@pytest.mark.parametrize("name", ["state.json", "chain.json"])
def test_state_of_another_version_is_left_as_it_is(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "chain"
    node = Node(folder)
    with node.tied():
        pass
    foreign = {"schema": "medici/chain/9", "chain_id": 31337, "foo": [1]}
    (folder / name).write_text(json.dumps(foreign))
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    with pytest.raises(StateFromOtherVersion) as caught:
        node.up()
    assert "nothing was changed" in caught.value.hint
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_a_chain_of_another_id_is_not_mixed_up(tmp_path: Path) -> None:
    with Node(tmp_path / "chain").tied():
        pass
    with pytest.raises(StateFromOtherVersion, match="has id 31337, not 1337"):
        Node(tmp_path / "chain", chain_id=1337).up()


def test_no_anvil_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoNode, match="is no program"):
        find_anvil({"MEDICI_ANVIL": str(tmp_path / "none")})
    lonely = tmp_path / "site" / "medici" / "ledger" / "node.py"
    monkeypatch.setattr("medici.ledger.node.__file__", str(lonely))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoNode) as caught:
        find_anvil({"PATH": str(tmp_path)})
    assert "npm" in caught.value.hint
    with pytest.raises(NoNode):
        Node(tmp_path / "chain", environ={"PATH": ""}).up()


def test_a_program_that_is_no_anvil(tmp_path: Path) -> None:
    fake = tmp_path / "anvil"
    fake.write_text("#!/bin/sh\necho something else\nexit 3\n")
    fake.chmod(0o755)
    with pytest.raises(NoNode, match="something else"):
        Node(tmp_path / "chain", environ={"MEDICI_ANVIL": str(fake)}).up()


def test_the_clock_moves_only_forward_and_only_here(rpc: Rpc) -> None:
    now = chain_time(rpc)
    assert advance_to(rpc, now + 500) == now + 500
    blocks = rpc.call("eth_blockNumber")
    assert advance_to(rpc, now + 500) == now + 500
    assert advance_to(rpc, now + 3) == now + 500
    assert rpc.call("eth_blockNumber") == blocks

    class Elsewhere(Rpc):
        def call(self, method: str, *params: object) -> object:
            return "Geth/v1" if method == "web3_clientVersion" else super().call(method, *params)

    with Elsewhere(rpc.url) as real:
        with pytest.raises(WrongUse):
            advance_to(real, now + 1000)
        with pytest.raises(WrongUse):
            fund(real, [])
