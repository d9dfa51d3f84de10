"""A round killed at any instant resumes and doubles nothing."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from tests.program import MEDICI, run

from medici.agents.durable import STEPS

DRIVER = """
import os, signal, sys
from pathlib import Path
from medici.agents import durable
from medici.firm import launch
from medici.firm.house import Firm

folder, rounds, seed, fatal = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]

def watch(number, step):
    if step == fatal:
        os.kill(os.getpid(), signal.SIGKILL)

firm = Firm.open(folder)
with launch.chain(firm, tied=True, deploy=True) as chain:
    durable.run(firm, chain, rounds, seed, watch)
"""


def outcome(folder, reports):
    """What must not depend on how often the run was killed."""
    status = run("status", "--firm", folder, "--json").json
    works = sorted(path.stem for path in (folder / ".medici" / "works").glob("*.json"))
    sales = [
        (sale["work"], sale["outcome"], sale["price"], sale["royalty"], sale["buyer"])
        for report in reports
        for sale in report["sales"]
    ]
    return {
        "works": works,
        "sales": sales,
        "bids": [report["bids"] for report in reports],
        "paid": [report["paid"] for report in reports],
        "status": status["works"],
        "books": status["books"],
    }


def transactions(folder):
    """How many transactions each of the firm's accounts has sent, by the chain's own count."""
    import sqlite3

    with sqlite3.connect(folder / ".medici" / "journal.sqlite") as journal:
        rows = journal.execute(
            "SELECT account, COUNT(*) FROM intents WHERE status = 'mined' GROUP BY account"
        ).fetchall()
    return dict(rows)


def chain_count(folder, accounts):
    from medici.firm import launch
    from medici.firm.house import Firm

    with launch.chain(Firm.open(folder)) as chain:
        return {account: chain.nonce(account) for account in accounts}


@pytest.fixture(scope="module")
def reference(deployed, tmp_path_factory):
    """The same run, never interrupted."""
    results = {}

    def of(rounds, seed):
        if (rounds, seed) not in results:
            folder = tmp_path_factory.mktemp("reference") / "bottega"
            shutil.copytree(deployed, folder)
            results[rounds, seed] = finish(folder, rounds, seed)
        return results[rounds, seed]

    return of


def finish(folder, rounds, seed):
    """Run to the end, then look at everything."""
    done = run("run", "--rounds", rounds, "--seed", seed, "--firm", folder, "--json")
    assert done.code == 0, done
    assert run("up", "--firm", folder).code == 0
    try:
        counted = transactions(folder)
        assert chain_count(folder, counted) == counted
        reports = done.json["rounds"]
        found = outcome(folder, reports) | {"transactions": counted}
        return found | {"first": reports[0]["round"]}
    finally:
        run("down", "--firm", folder)


def nothing_runs_in(folder):
    """No keeper and no chain of this folder is left."""
    for _ in range(200):
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
        if not [line for line in listed.stdout.splitlines() if str(folder) in line]:
            return True
        time.sleep(0.05)
    return False


def test_killed_before_every_step(firm, reference):
    for step in STEPS:
        command = [sys.executable, "-c", DRIVER, str(firm), "1", "5", step]
        killed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert nothing_runs_in(firm)
    assert finish(firm, 1, 5) == reference(1, 5)


KILLS = 20


def test_killed_at_random_instants(deployed, tmp_path, reference):
    words = ["run", "--rounds", "1", "--seed", "5", "--json", "--firm"]
    # An uninterrupted round tells how long one takes here, so that kills fall into it.
    shutil.copytree(deployed, tmp_path / "whole")
    start = time.monotonic()
    assert run(*words, tmp_path / "whole").code == 0
    whole = time.monotonic() - start
    chance, kills, copies = random.Random(11), 0, 0
    while kills < KILLS:
        copies += 1
        folder = tmp_path / f"bottega-{copies}"
        shutil.copytree(deployed, folder)
        command = [MEDICI, *words, folder]
        while kills < KILLS:
            process = subprocess.Popen(
                list(map(str, command)),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL,
                text=True,
            )
            try:
                process.communicate(timeout=whole * (0.1 + 0.85 * chance.random()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                kills += 1
                assert nothing_runs_in(folder)
            else:
                break
        if process.returncode != 0:
            found = finish(folder, 1, 5)
            # A kill between the round's end and the program's leaves nothing to finish: the same
            # command then begins the next round, and that one's kills are not compared.
            assert found["first"] > 1 or found == reference(1, 5)


def test_the_chain_dies_in_the_middle_of_a_round(firm, reference):
    command = [str(MEDICI), "run", "--rounds", "1", "--seed", "5", "--firm", str(firm), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    node = firm / ".medici" / "chain" / "node.json"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        entries = list((firm / ".medici" / "works").glob("*.json"))
        if entries and node.exists():
            os.kill(json.loads(node.read_bytes())["anvil"], signal.SIGKILL)
            break
        time.sleep(0.01)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 3, out
    assert json.loads(out)["error"]["code"] == "no-node"
    assert finish(firm, 1, 5) == reference(1, 5)


def test_control_c_ends_with_130_and_the_same_command_goes_on(firm, reference):
    command = [str(MEDICI), "run", "--rounds", "1", "--seed", "5", "--firm", str(firm), "--json"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts what runs in its background with SIGINT ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list((firm / ".medici" / "works").glob("*.json")):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, (err, out)
    assert json.loads(out)["error"]["code"] == "interrupted"
    assert nothing_runs_in(firm)
    assert finish(firm, 1, 5) == reference(1, 5)
