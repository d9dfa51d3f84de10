"""The real application behind a real server, on firms built through the real catalogue."""

import contextlib
import socket
import threading
import time

import httpx
import pytest
import uvicorn
from tests.web.build import add_work, make_firm
from tests.web.chain import Market, standing

from medici.web.app import create_app


@contextlib.contextmanager
def serving(app):
    """The address of a server that runs this app in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
        assert not thread.is_alive()


@pytest.fixture(scope="session")
def firm(tmp_path_factory):
    """A firm of three rounds whose chain is not up. Nobody may change it."""
    firm = make_firm(tmp_path_factory.mktemp("firms") / "casa")
    for seed in range(4):
        add_work(firm, seed, number=1)
    add_work(firm, 10, number=2, title='<script>alert(1)</script> & "sons"')
    add_work(firm, 11, number=2, stage="certified")
    add_work(firm, 20, number=3, stage="generated")
    return firm


@pytest.fixture(scope="session")
def address(firm):
    with serving(create_app(firm)) as url:
        yield url


@pytest.fixture
def visitor(address):
    with httpx.Client(base_url=address, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def traded(tmp_path_factory):
    """A firm that sold works on a chain which is up, and the address of its page."""
    firm = make_firm(tmp_path_factory.mktemp("firms") / "traded")
    with standing(firm) as chain:
        market = Market(firm, chain, seeds=range(4))
        sold, unsold, hanging, _ = market.entries
        market.offer(sold, [("ada", "100"), ("ben", "120"), ("ada", "140")])
        market.offer(sold, [("ben", "200")], seller="ada")
        market.offer(unsold)
        market.pay()
        market.offer(hanging, [("ben", "111.50")], settle=False)
        with serving(create_app(firm)) as url:
            while httpx.get(f"{url}/api/v1/firm").json()["chain"]["state"] == "reading":
                pass
            yield market, url


def raw(address, request):
    """What the server answers to these very bytes; a client would tidy them."""
    host, port = address.removeprefix("http://").split(":")
    answer = b""
    with socket.create_connection((host, int(port)), 10) as wire:
        wire.sendall(request)
        while chunk := wire.recv(65536):
            answer += chunk
    return answer


@pytest.fixture
def knock(address):
    return lambda request: raw(address, request)
