"""Endpoints: a real server on loopback, in every mood an endpoint has been seen in."""

from __future__ import annotations

import gzip
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from medici.errors import BadWeights, MediciError, MissingPart, WrongUse
from medici.logs import logger
from medici.studio.families import load_model
from medici.studio.language.endpoint import KEY, EndpointWriter, checked, extracted
from medici.studio.language.family import Language, writer
from medici.studio.language.writer import FORMS, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ABOUT = "a red house by the sea"


@contextmanager
def endpoint(answer: Callable[[Any, int], None]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server whose every request is answered by `answer(handler, number)`; what it was asked."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append({**body, "path": self.path, "headers": dict(self.headers)})
            try:
                answer(self, len(asked))
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(
    handler: Any, data: bytes, status: int = 200, kind: str = "application/json", **more: str
) -> None:
    handler.send_response(status)
    handler.send_header("content-type", kind)
    handler.send_header("content-length", str(len(data)))
    for name, value in more.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(data)


def saying(text: str) -> Callable[[Any, int], None]:
    body = json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()
    return lambda handler, _: send(handler, body)


def test_a_title_comes_back_with_what_was_asked_for() -> None:
    with endpoint(saying("Salt and Vermilion")) as (url, asked):
        found = EndpointWriter(url + "/", "small-1").title(ABOUT, 7)
    assert found == "Salt and Vermilion"
    assert asked[0]["path"] == "/v1/chat/completions"
    assert (asked[0]["model"], asked[0]["seed"], asked[0]["stream"]) == ("small-1", 7, False)
    assert ABOUT in asked[0]["messages"][0]["content"]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ('Title: "The House, at Rest"', "The House, at Rest"),
        ("**Title:** The House\n\nThis title evokes the sea.", "The House"),
        ("Sure! Here is a title:\n\n“Salt”", "Salt"),
        ("<script>alert(1)</script>Red Tide", "alert Red Tide"),
        ("[Red Tide](https://evil.example/x)", "Red Tide"),
        ("Pay 500 USDC to 0xAbC at https://evil.example now", "Pay USDC to xAbC at now"),
        ("Red\u202edeR\u200b Tide\u0007", "ReddeR Tide"),
        ("R" + "\u0301" * 50 + "ed", "Ŕ"),
        ("Rouge été", "Rouge été"),
        ("Portrait 12", "Portrait"),
        ("one two three four five six seven eight", "one two three four five six"),
    ],
)
def test_what_a_model_says_is_made_plain(said: str, found: str) -> None:
    got = extracted(FORMS["title"], said)
    assert got is not None
    if found == "Ŕ":
        assert len(got) <= 5
    else:
        assert got == found
    assert FORMS["title"].fits(got)


def test_every_form_is_kept_whatever_is_said() -> None:
    with endpoint(saying("It stands there.\nNothing more was asked of it than to wait.")) as (
        url,
        _,
    ):
        made = EndpointWriter(url, "m")
        assert isinstance(made, Writer)
        for name, form in FORMS.items():
            assert form.fits(getattr(made, name)(ABOUT, 1))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"[]",
        b"{}",
        b'{"choices": []}',
        b'{"choices": [{"message": {"content": null}}]}',
        b'{"choices": [{"message": {"content": 5}}]}',
        b'{"choices": {"a": 1}}',
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b'{"error": "no"}',
    ],
)
def test_json_that_is_no_answer_is_said_to_be_none(body: bytes) -> None:
    with (
        endpoint(lambda handler, _: send(handler, body)) as (url, asked),
        pytest.raises(WrongUse, match="no chat completion"),
    ):
        EndpointWriter(url, "m").title(ABOUT, 1)
    assert len(asked) == 1


@pytest.mark.parametrize("said", ["", "  ", "12345", "🂡🂢🂣", "中文標題", "<b></b>", "\u202e"])
def test_an_answer_without_words_is_asked_for_again_and_then_given_up(said: str) -> None:
    with (
        endpoint(saying(said)) as (url, asked),
        pytest.raises(WrongUse, match="without a title"),
    ):
        EndpointWriter(url, "m").title(ABOUT, 1)
    assert [a["seed"] for a in asked] == [1, 2, 3]


def test_a_page_of_html_is_no_endpoint() -> None:
    page = b"<!doctype html><title>Welcome</title>"
    with (
        endpoint(lambda handler, _: send(handler, page, kind="text/html; charset=utf-8")) as (
            url,
            _,
        ),
        pytest.raises(WrongUse, match="text/html"),
    ):
        EndpointWriter(url, "m").title(ABOUT, 1)


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_an_endpoint_in_trouble_is_tried_again(status: int) -> None:
    def answer(handler: Any, number: int) -> None:
        if number < 3:
            return send(handler, b"<html>oops</html>", status, "text/html", retry_after="0")
        return saying("At Last")(handler, number)

    with endpoint(answer) as (url, asked):
        assert EndpointWriter(url, "m").title(ABOUT, 1) == "At Last"
    assert len(asked) == 3


def test_an_endpoint_in_lasting_trouble_is_given_up() -> None:
    def answer(handler: Any, _: int) -> None:
        send(handler, b"", 500, retry_after="0")

    with endpoint(answer) as (url, asked), pytest.raises(MissingPart, match="status 500") as caught:
        EndpointWriter(url, "m").title(ABOUT, 1)
    assert len(asked) == 3
    assert "template" in caught.value.hint


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (401, MissingPart, KEY),
        (403, MissingPart, KEY),
        (404, WrongUse, "404"),
        (302, WrongUse, "elsewhere"),
    ],
)
def test_a_refusal_is_told_and_not_repeated(
    status: int, error: type[MediciError], said: str
) -> None:
    def answer(handler: Any, _: int) -> None:
        send(handler, b'{"error": "no such model"}', status, location="http://127.0.0.1:9/")

    with endpoint(answer) as (url, asked), pytest.raises(error) as caught:
        EndpointWriter(url, "m").title(ABOUT, 1)
    assert said in caught.value.message + caught.value.hint
    assert len(asked) == 1


def hangs(handler: Any, _: int) -> None:
    time.sleep(5)


def trickles(handler: Any, _: int) -> None:
    handler.send_response(200)
    handler.send_header("content-type", "application/json")
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def trickles_headers(handler: Any, _: int) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for i in range(200):
        handler.wfile.write(f"x-{i}: y\r\n".encode())
        handler.wfile.flush()
        time.sleep(0.05)


@pytest.mark.parametrize("answer", [hangs, trickles, trickles_headers])
def test_an_endpoint_that_hangs_or_trickles_is_left(answer: Callable[[Any, int], None]) -> None:
    with (
        endpoint(answer) as (url, _),
        pytest.raises(MissingPart, match=r"no whole answer within 0\.3 s"),
    ):
        EndpointWriter(url, "m", seconds=0.3, tries=1).title(ABOUT, 1)


def test_whoever_waits_for_an_endpoint_is_told_that_it_is_asked_again() -> None:
    logger("studio")  # set up before its output is caught
    with endpoint(hangs) as (url, asked), structlog.testing.capture_logs() as logs:
        with pytest.raises(MissingPart, match="no whole answer"):
            EndpointWriter(url, "m", seconds=0.3, tries=2).title(ABOUT, 1)
        assert len(asked) == 2
    assert [(one["event"], one["endpoint"]) for one in logs] == [
        ("no whole answer within 0.3 s; asking again, 2 of 2", url)
    ]


def test_nobody_who_stops_the_program_waits_for_an_endpoint() -> None:
    with endpoint(hangs) as (url, asked):
        program = (
            "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "from medici.studio.language.endpoint import EndpointWriter\n"
            f"EndpointWriter({url!r}, 'm').title({ABOUT!r}, 1)\n"
        )
        with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) as child:
            while not asked:
                time.sleep(0.05)
            child.send_signal(signal.SIGINT)
            try:
                _, said = child.communicate(timeout=4)  # the answer would take five seconds
            finally:
                child.kill()
        assert b"KeyboardInterrupt" in said


def test_an_endless_answer_is_cut_off() -> None:
    sent = []

    def floods(handler: Any, _: int) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "application/json")
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(b"x" * 65536)
            sent.append(65536)

    with endpoint(floods) as (url, _), pytest.raises(WrongUse, match="more than"):
        EndpointWriter(url, "m").title(ABOUT, 1)
    assert sum(sent) < 30_000_000


def test_a_packed_answer_is_not_unpacked() -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    with (
        endpoint(lambda handler, _: send(handler, bomb, content_encoding="gzip")) as (url, _),
        pytest.raises(WrongUse, match="packed"),
    ):
        EndpointWriter(url, "m").title(ABOUT, 1)


def test_a_line_that_goes_dead_is_missing() -> None:
    def drops(handler: Any, _: int) -> None:
        handler.connection.shutdown(socket.SHUT_RDWR)

    with endpoint(drops) as (url, asked), pytest.raises(MissingPart, match="does not answer"):
        EndpointWriter(url, "m", tries=2).title(ABOUT, 1)
    assert len(asked) == 2
    with pytest.raises(MissingPart, match="does not answer"):
        EndpointWriter(url, "m", tries=1).title(ABOUT, 1)


def test_the_key_travels_in_its_header_and_stands_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(KEY, "sk-secret-1")
    with endpoint(saying("Red")) as (url, asked):
        Language().adopt(url, tmp_path / "m", model="small")
        load_model(tmp_path / "m").sample(0)
    assert asked[0]["headers"]["authorization"] == "Bearer sk-secret-1"
    assert "sk-secret-1" not in (tmp_path / "m" / "record.json").read_text()
    with endpoint(lambda handler, _: send(handler, b"", 401)) as (url, _):
        made = EndpointWriter(url, "m")
        with pytest.raises(MissingPart) as caught:
            made.title(ABOUT, 1)
    assert "sk-secret-1" not in f"{caught.value.message}{caught.value.hint}{made!r}{vars(made)}"


def test_the_key_does_not_travel_in_the_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "sk-secret-1")
    with pytest.raises(WrongUse, match="in the open"):
        EndpointWriter("http://models.example/v1", "m").title(ABOUT, 1)
    monkeypatch.setenv(KEY, "sk\nsecret")
    with pytest.raises(WrongUse, match="characters"):
        EndpointWriter("http://127.0.0.1:9/v1", "m").title(ABOUT, 1)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "models.example/v1",
        "ftp://models.example",
        "file:///etc/passwd",
        "http://",
        "http://user:pw@models.example/v1",
        "http://models.example/v1?key=1",
        "http://models.example/v1#x",
        "http://models.example:99999/v1",
        "http://models.example/a b",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(WrongUse) as caught:
        checked(url)
    assert "pw" not in caught.value.message


def test_an_endpoint_is_a_model_like_others(tmp_path: Path) -> None:
    with endpoint(saying("A Quiet Red")) as (url, _):
        record = Language().adopt(url, tmp_path / "m", model="small")
        model: Any = load_model(tmp_path / "m")
        work = model.sample(4, {"about": ABOUT})
        assert writer(url, "small").title(ABOUT, 1) == "A Quiet Red"
    assert work.text == "A Quiet Red"
    assert record.renderer == "words/endpoint"
    with pytest.raises(WrongUse, match="many models"):
        Language().adopt(url, tmp_path / "n")
    changed = json.loads((tmp_path / "m" / "record.json").read_text())
    changed["training"]["base_url"] = "http://127.0.0.1:1/v1"
    (tmp_path / "m" / "record.json").write_text(json.dumps(changed))
    with pytest.raises(BadWeights):
        load_model(tmp_path / "m")


def test_it_works_inside_a_running_event_loop() -> None:
    import asyncio

    async def ask(url: str) -> str:
        return EndpointWriter(url, "m").title(ABOUT, 1)

    with endpoint(saying("Red")) as (url, _):
        assert asyncio.run(ask(url)) == "Red"
