"""`medici serve` as a person runs it."""

import json
import re
import signal
import socket
import subprocess
import sys

import httpx
import pytest
from tests.web.build import add_work, make_firm
from tests.web.chain import standing

from medici.ledger.networks import local_node


@pytest.fixture
def casa(tmp_path):
    firm = make_firm(tmp_path / "casa")
    add_work(firm, 1)
    return firm


def medici(*words, **options):
    command = [sys.executable, "-c", "from medici.cli import main; main()", *words]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def address_of(process):
    return json.loads(process.stdout.readline())["url"]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_told_to_end(casa, ending):
    with medici("serve", "--firm", str(casa.folder), "--port", "0", "--json") as process:
        url = address_of(process)
        assert httpx.get(f"{url}/healthz").text == "ok\n"
        assert "Casa Test" in httpx.get(url).text
        process.send_signal(ending)
        said, complaints = process.communicate(timeout=20)
    assert (process.returncode, said, complaints) == (0, "", "")


def test_a_taken_port_is_told(casa):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        with medici("serve", "--firm", str(casa.folder), "--port", port, "--json") as process:
            said, _ = process.communicate(timeout=60)
    assert process.returncode == 3
    assert json.loads(said) == {
        "error": {
            "code": "port-taken",
            "message": f"port {port} is used by another program",
            "hint": "medici serve --port 0 chooses another",
        }
    }


def test_after_a_demo_another_port_will_do(casa):
    program = (
        "import sys; from pathlib import Path; from medici.cli.servers import keep_serving; "
        "keep_serving(Path(sys.argv[1]), port=int(sys.argv[2]))"
    )
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        command = [sys.executable, "-c", program, str(casa.folder), str(port)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, **pipes) as process:
            assert f"port {port} is used" in process.stderr.readline()
            url = re.search(r"http://\S+", process.stderr.readline()).group()
            assert httpx.get(f"{url}/healthz").text == "ok\n"
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=20)
    assert (process.returncode, said) == (0, "")


def test_an_address_that_is_not_ours_is_told(casa):
    words = ("serve", "--firm", str(casa.folder), "--host", "192.0.2.1", "--json")
    with medici(*words) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "192.0.2.1" in json.loads(said)["error"]["message"]


def test_the_local_chain_is_up_beside_the_page_and_gone_after(casa):
    with standing(casa):
        pass
    node = local_node(casa.network, casa.settings.state)
    assert node.running() is None
    with medici("serve", "--firm", str(casa.folder), "--port", "0", "--json") as process:
        url = address_of(process)
        assert httpx.get(f"{url}/healthz").status_code == 200
        assert node.running() is not None
        while (state := httpx.get(f"{url}/api/v1/firm").json()["chain"]["state"]) == "reading":
            pass
        assert state == "live"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert node.running() is None
