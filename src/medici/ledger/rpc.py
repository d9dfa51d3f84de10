"""JSON-RPC over HTTP: one node, time-outs, retries where a repeat is harmless, batches."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from medici.errors import NodeRefused, NoNode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx

# A repeat of these would do its work twice; all others only read, or are the same bytes again.
_ONCE_ONLY = frozenset(
    {"eth_sendTransaction", "evm_increaseTime", "evm_mine", "anvil_mine", "evm_snapshot"}
)
_BUSY = frozenset({429, 502, 503, 504})


class Rpc:
    """A node that answers JSON-RPC.

    Args:
        url: its HTTP address. Only the host of it is ever shown: the path may hold a secret.
        timeout: seconds for one exchange.
        attempts: how often an exchange is tried before the node counts as absent.
        client: the HTTP client to use, for tests.
        sleep: waits between attempts.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 30.0,
        attempts: int = 4,
        client: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        import httpx  # a tenth of a second: only who talks to a chain pays it

        self.url = url
        self.attempts = attempts
        self._sleep = sleep
        self._numbers = itertools.count(1)
        # A local proxy setting must never see, or break, talk with the chain on this machine.
        local = urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}
        self._client = client or httpx.Client(timeout=timeout, trust_env=not local)

    @property
    def shown_url(self) -> str:
        """Scheme and host, fit for messages and logs."""
        parts = urlsplit(self.url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}"

    def call(self, method: str, *params: object) -> Any:
        """One request, its result.

        Raises:
            NodeRefused: the node answered with an error.
            NoNode: nothing that speaks JSON-RPC answers.
        """
        body = {"jsonrpc": "2.0", "id": next(self._numbers), "method": method, "params": params}
        return _result(self._exchange(body, repeatable=method not in _ONCE_ONLY))

    def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """Several requests in one exchange; results in their order.

        Raises:
            NodeRefused: the first error among the answers.
            NoNode: nothing that speaks JSON-RPC answers.
        """
        return [_result(answer) for answer in self._batch(calls)]

    def batch_outcomes(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """Like `batch`, but an error stands in the list as a `NodeRefused` instead of raising."""
        outcomes: list[Any] = []
        for answer in self._batch(calls):
            try:
                outcomes.append(_result(answer))
            except NodeRefused as error:
                outcomes.append(error)
        return outcomes

    def _batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        if not calls:
            return []
        bodies = [
            {"jsonrpc": "2.0", "id": next(self._numbers), "method": method, "params": params}
            for method, params in calls
        ]
        repeatable = all(method not in _ONCE_ONLY for method, _ in calls)
        answers = self._exchange(bodies, repeatable=repeatable)
        if not isinstance(answers, list):  # a node that takes no batches answers with one error
            return [self._exchange(body, repeatable=repeatable) for body in bodies]
        by_id = {answer.get("id"): answer for answer in answers if isinstance(answer, dict)}
        if not all(body["id"] in by_id for body in bodies):
            raise NoNode(f"the node at {self.shown_url} left requests of a batch unanswered")
        return [by_id[body["id"]] for body in bodies]

    def _exchange(self, body: object, *, repeatable: bool) -> Any:
        import httpx

        problem = ""
        for attempt in range(self.attempts):
            if attempt:
                self._sleep(0.1 * 2 ** (attempt - 1))
            try:
                response = self._client.post(self.url, json=body)
            except httpx.ConnectError as error:  # never sent, so a repeat is always harmless
                problem = str(error)
                continue
            except httpx.TransportError as error:
                problem = str(error) or type(error).__name__
                if repeatable:
                    continue
                break
            except httpx.InvalidURL as error:
                problem = str(error)
                break
            if response.status_code in _BUSY:
                problem = f"HTTP {response.status_code}"
                continue
            try:
                answer = response.json()
            except ValueError:
                problem = f"HTTP {response.status_code} without JSON"
                break
            if isinstance(answer, list) or (
                isinstance(answer, dict) and ("result" in answer or "error" in answer)
            ):
                return answer
            problem = f"HTTP {response.status_code} without a JSON-RPC answer"
            break
        raise NoNode(
            f"no node answers at {self.shown_url} ({problem})",
            "for the local chain run: medici up; for another network check its rpc_url",
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Rpc:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _result(answer: Any) -> Any:
    error = answer.get("error")
    if error is None:
        return answer.get("result")
    if not isinstance(error, dict):
        raise NodeRefused(str(error))
    raise NodeRefused(
        str(error.get("message", "the node gave no reason")),
        rpc_code=int(error.get("code", 0)),
        data=revert_data(error.get("data")),
    )


def revert_data(data: object) -> bytes:
    """The bytes a contract reverted with, from the ``data`` of an error as nodes spell it."""
    if isinstance(data, dict):  # some nodes wrap it once more
        data = data.get("data", data.get("result"))
    if isinstance(data, str):
        text = data.removeprefix("Reverted ").strip()
        if text.startswith("0x"):
            try:
                return bytes.fromhex(text[2:])
            except ValueError:
                return b""
    return b""
