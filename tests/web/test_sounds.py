"""Works that are heard: a cover to look at, and something to play them with."""

import httpx
import pytest
from tests.web.build import add_music, add_work, make_firm
from tests.web.conftest import serving

from medici.provenance.verdict import Verdict
from medici.web.answers import VerifyAnswer
from medici.web.app import create_app
from medici.web.render import page


@pytest.fixture(scope="module")
def choir(tmp_path_factory):
    firm = make_firm(tmp_path_factory.mktemp("firms") / "choir", name="Cappella")
    heard, seen = add_music(firm, 3), add_work(firm, 4)
    with serving(create_app(firm)) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client, firm, heard, seen


def test_the_page_of_a_sound_shows_its_roll_and_plays_it(choir):
    client, _, heard, _ = choir
    page = client.get(f"/works/{heard.id}").text
    assert f'src="/covers/{heard.id}?v={heard.cover[-16:]}"' in page
    assert f'<audio controls preload="metadata" src="/files/{heard.id}?v=' in page
    assert "Named by its samples" in page
    assert "words of 32 bits" in page
    assert "same pixels" not in page


def test_the_page_of_a_picture_has_nothing_to_play(choir):
    client, _, _, seen = choir
    page = client.get(f"/works/{seen.id}").text
    assert "<audio" not in page
    assert "Named by its pixels" in page
    assert client.get(f"/covers/{seen.id}").status_code == 404


def test_the_gallery_shows_covers(choir):
    client, _, heard, seen = choir
    page = client.get("/").text
    assert f'src="/covers/{heard.id}?v=' in page
    assert f'src="/files/{seen.id}?v=' in page


def test_a_cover_is_a_picture_that_never_changes(choir):
    client, _, heard, _ = choir
    answer = client.get(f"/covers/{heard.id}")
    assert answer.headers["content-type"] == "image/png"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.content.startswith(b"\x89PNG")


def test_a_sound_can_be_played_from_anywhere_in_it(choir):
    client, firm, heard, _ = choir
    whole = (firm.folder / heard.file).read_bytes()
    part = client.get(f"/files/{heard.id}", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert part.headers["content-type"] == "audio/wav"


def test_the_api_says_what_a_work_is_and_what_shows_it(choir):
    client, _, heard, seen = choir
    said = client.get(f"/api/v1/works/{heard.id}").json()
    assert (said["medium"], said["kind"]) == ("sound", "music")
    assert said["picture"] == f"/covers/{heard.id}"
    assert said["file"] == f"/files/{heard.id}"
    assert said["fingerprint"]["pdq"] is None
    assert said["fingerprint"]["frames"] > 100
    said = client.get(f"/api/v1/works/{seen.id}").json()
    assert (said["medium"], said["picture"]) == ("picture", said["file"])
    assert len(said["fingerprint"]["pdq"]) == 64


def test_a_cover_that_is_gone_is_told(choir):
    client, firm, _, _ = choir
    gone = add_music(firm, 9)
    firm.catalogue.put(
        gone.with_(cover="bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku")
    )
    assert client.get(f"/covers/{gone.id}").status_code == 404
    assert "not in the firm" in client.get(f"/works/{gone.id}").text


@pytest.mark.parametrize(("medium", "stuff"), [("sound", "sample"), ("picture", "pixel")])
def test_the_stamp_speaks_of_what_the_file_is(medium, stuff):
    said = Verdict("authentic", "ab" * 32, found_by="content-digest", rerun="identical")
    answer = VerifyAnswer.model_validate(said.as_json() | {"medium": medium})
    shown = page("verdict.html", said=answer, problem=None, name="", seen="", known=None)
    assert f"its {stuff}s: they are exactly the work&#39;s" in shown.body.decode()
    assert f"identical to the last {stuff}" in shown.body.decode()
