"""Verification by drop: the verdict of the proof room, told by API, page and stamp."""

import io
import tempfile
from pathlib import Path

import httpx
import pytest
from PIL import Image
from tests.web.build import png, portrait

from medici.web import upload

ONE = 1  # seed of a work that was anchored


@pytest.fixture
def market(traded):
    return traded[0]


@pytest.fixture
def visitor(traded):
    with httpx.Client(base_url=traded[1], timeout=60) as client:
        yield client


def jpeg(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").resize((256, 256), 0).save(file, "JPEG", quality=90)
    return file.getvalue()


def ask(visitor, data, name="found.png"):
    return visitor.post("/api/v1/verify", files={"file": (name, data)})


def test_a_work_is_authentic(visitor, market):
    entry = market.entries[ONE]
    said = ask(visitor, (market.firm.folder / entry.file).read_bytes()).json()
    assert (said["verdict"], said["work"]) == ("authentic", entry.id)
    assert said["found_by"] == "content-digest"
    assert said["model"]["authorised"] is True
    assert said["anchored_at"]
    assert said["credentials"] == "missing"


def test_the_answer_is_the_command_lines(visitor, market):
    from medici.firm import verifying

    path = market.firm.folder / market.entries[ONE].file
    assert ask(visitor, path.read_bytes()).json() == verifying.verify_file(market.firm, path)


def test_a_lossy_copy_is_derived_and_leads_to_the_work(visitor, market):
    entry = market.entries[ONE]
    page = visitor.post("/verify", files={"file": ("copy.jpg", jpeg(portrait(ONE)))})
    assert page.status_code == 200
    assert '<section class="verdict derived">' in page.text
    assert f'href="/works/{entry.id}"' in page.text
    assert "fingerprint" in page.text


def test_a_strangers_picture_is_unknown(visitor):
    assert ask(visitor, png(portrait(999))).json()["verdict"] == "unknown"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "empty.png"),
        (b"no picture at all", "a.png"),
        (png(portrait(5))[:200], "cut.png"),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 5000, "noise.png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "a.svg"),
    ],
)
def test_what_is_no_picture_is_told(visitor, data, name):
    answer = ask(visitor, data, name)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "unreadable-file"
    assert "medici-verify-" not in answer.text
    page = visitor.post("/verify", files={"file": (name, data)})
    assert page.status_code == 422
    assert "no answer" in page.text


def test_no_file_at_all_is_told(visitor):
    assert "no file was chosen" in visitor.post("/verify", data={"other": "x"}).text
    assert visitor.post("/verify", data={"work": "zz"}).status_code == 400
    assert visitor.post("/verify", data={"work": "0" * 64}).status_code == 404


@pytest.mark.parametrize(
    "name", ["../../../tmp/escaped.png", "/etc/passwd", "a\x00b.png", "<b>bold</b>.png", "." * 300]
)
def test_a_name_is_only_ever_shown(visitor, name, tmp_path):
    page = visitor.post("/verify", files={"file": (name, png(portrait(999)))})
    assert page.status_code == 200
    assert "<b>bold" not in page.text
    assert not Path("/tmp/escaped.png").exists()


def test_nothing_of_the_file_is_kept(visitor, market):
    def left():
        return list(Path(tempfile.gettempdir()).glob("medici-verify-*"))

    before = left()
    ask(visitor, png(portrait(999)))
    ask(visitor, b"garbage")
    assert left() == before


def test_our_own_file_is_verified_from_its_page(visitor, market):
    entry = market.entries[ONE]
    form = f'name="work" value="{entry.id}"'
    assert form in visitor.get(f"/works/{entry.id}").text
    page = visitor.post("/verify", data={"work": entry.id})
    assert '<section class="verdict authentic">' in page.text


def test_the_stamp_alone_for_scripts(visitor):
    part = visitor.post(
        "/verify",
        files={"file": ("a.png", png(portrait(999)))},
        headers={"X-Part": "verdict"},
    ).text
    assert part.lstrip().startswith('<section class="verdict unknown">')
    assert "<html" not in part


@pytest.mark.parametrize(
    ("taken", "places"), [("_turns", upload.AT_ONCE), ("_seats", upload.AT_ONCE + upload.WAITING)]
)
def test_too_many_at_once_are_asked_to_wait(visitor, monkeypatch, taken, places):
    monkeypatch.setattr(upload, "PATIENCE", 0.05)
    semaphore = getattr(upload, taken)
    for _ in range(places):
        semaphore.acquire()
    try:
        answer = ask(visitor, png(portrait(999)))
    finally:
        for _ in range(places):
            semaphore.release()
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.json()["error"]["code"] == "busy"


def test_without_chain_or_bundle_it_says_why(address):
    answer = httpx.post(f"{address}/api/v1/verify", files={"file": ("a.png", png(portrait(0)))})
    assert answer.status_code == 503
    assert answer.json()["error"]["hint"]
