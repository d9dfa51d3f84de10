from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from medici.errors import BadSettings, NodeRefused, NoNode, WrongChain
from medici.ledger.networks import connect, network
from medici.ledger.rpc import Rpc, revert_data
from medici.settings import NetworkSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def fake(answer: Callable[[Any], httpx.Response], attempts: int = 4) -> Rpc:
    def handle(request: httpx.Request) -> httpx.Response:
        return answer(json.loads(request.content))

    client = httpx.Client(transport=httpx.MockTransport(handle))
    return Rpc("http://node.test/secret", client=client, attempts=attempts, sleep=lambda _: None)


def result(body: Any, value: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": body["id"], "result": value}


def test_a_busy_node_is_asked_again() -> None:
    statuses = iter([503, 429, 200])

    def answer(body: Any) -> httpx.Response:
        return httpx.Response(next(statuses), json=result(body, "0x1"))

    assert fake(answer).call("eth_chainId") == "0x1"


def test_what_must_happen_once_is_not_repeated_after_it_may_have_been_heard() -> None:
    heard: list[str] = []

    def answer(body: Any) -> httpx.Response:
        heard.append(body["method"])
        raise httpx.ReadTimeout("late")

    rpc = fake(answer)
    for method, times in (("evm_mine", 1), ("eth_sendRawTransaction", 4), ("eth_call", 4)):
        heard.clear()
        with pytest.raises(NoNode):
            rpc.call(method)
        assert len(heard) == times


def test_no_secret_of_the_address_is_shown() -> None:
    def answer(body: Any) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(NoNode) as caught:
        fake(answer).call("eth_chainId")
    assert "secret" not in caught.value.message
    assert "node.test" in caught.value.message


@pytest.mark.parametrize("body", [b"<html>", b"[]1", b'{"hello": 1}', b"3"])
def test_what_is_no_json_rpc_is_no_node(body: bytes) -> None:
    with pytest.raises(NoNode):
        fake(lambda _: httpx.Response(200, content=body)).call("eth_chainId")


def test_batches_keep_their_order_and_may_be_refused_as_such() -> None:
    def shuffled(bodies: Any) -> httpx.Response:
        return httpx.Response(200, json=[result(b, b["method"]) for b in reversed(bodies)])

    assert fake(shuffled).batch([("a", ()), ("b", ())]) == ["a", "b"]
    assert fake(shuffled).batch([]) == []

    def one_by_one(body: Any) -> httpx.Response:
        if isinstance(body, list):
            return httpx.Response(200, json={"error": {"code": -32600, "message": "no batches"}})
        return httpx.Response(200, json=result(body, body["method"]))

    assert fake(one_by_one).batch([("a", ()), ("b", ())]) == ["a", "b"]

    def partly(bodies: Any) -> httpx.Response:
        return httpx.Response(200, json=[result(bodies[0], 1)])

    with pytest.raises(NoNode, match="unanswered"):
        fake(partly).batch([("a", ()), ("b", ())])


def test_errors_of_a_batch_stand_where_they_belong() -> None:
    def answer(bodies: Any) -> httpx.Response:
        bad = {"id": bodies[1]["id"], "error": {"code": 3, "message": "no", "data": "0x0102"}}
        return httpx.Response(200, json=[result(bodies[0], 1), bad])

    first, second = fake(answer).batch_outcomes([("a", ()), ("b", ())])
    assert first == 1
    assert isinstance(second, NodeRefused)
    assert (second.rpc_code, second.data) == (3, b"\1\2")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ("0x0102", b"\1\2"),
        ("Reverted 0x0102", b"\1\2"),
        ({"data": "0x0102"}, b"\1\2"),
        ({"result": "0x0102"}, b"\1\2"),
        ("0xzz", b""),
        (None, b""),
        (7, b""),
    ],
)
def test_revert_data_as_nodes_spell_it(data: object, found: bytes) -> None:
    assert revert_data(data) == found


def settings(**networks: NetworkSettings) -> Settings:
    return Settings(networks={"local": NetworkSettings(chain_id=31337), **networks}, network="base")


def test_networks_by_name() -> None:
    base = NetworkSettings(
        rpc_url="https://base.example/${KEY}", chain_id=8453, currency="0x" + "11" * 20
    )
    environ = {"KEY": "s3cret"}
    found = network(settings(base=base), environ=environ)
    assert found.rpc_url == "https://base.example/s3cret"
    assert not found.kept
    assert network(settings(base=base), "local", environ).kept
    moved = network(settings(base=base), environ={**environ, "MEDICI_RPC_URL": "http://other"})
    assert moved.rpc_url == "http://other"
    with pytest.raises(BadSettings, match="environment variable"):
        network(settings(base=base), environ={})
    with pytest.raises(BadSettings, match="not described"):
        network(settings(base=base), "mars", environ)
    for wrong in (NetworkSettings(rpc_url="ftp://x"), NetworkSettings(confirmations=0)):
        with pytest.raises(BadSettings):
            network(settings(base=wrong), environ={})


def test_another_chain_behind_the_address_is_refused(rpc: Rpc, tmp_path: Path) -> None:
    here = NetworkSettings(rpc_url=rpc.url, chain_id=31337)
    with connect(network(settings(base=here), environ={}), tmp_path) as connected:
        assert connected.call("eth_chainId") == hex(31337)
    elsewhere = NetworkSettings(rpc_url=rpc.url, chain_id=8453)
    with pytest.raises(WrongChain, match="serves chain 31337"):
        connect(network(settings(base=elsewhere), environ={}), tmp_path)
    with pytest.raises(NoNode, match="not running"):
        connect(network(settings(), "local", {}), tmp_path)
