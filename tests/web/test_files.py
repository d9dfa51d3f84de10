import httpx
import pytest
from tests.web.build import add_work, make_firm
from tests.web.conftest import serving

from medici.web.app import create_app
from medici.web.files import FOREVER


@pytest.fixture
def entry(firm):
    return next(iter(firm.catalogue))


def test_a_file_is_delivered_byte_for_byte(visitor, firm, entry):
    answer = visitor.get(f"/files/{entry.id}")
    assert answer.content == (firm.folder / entry.file).read_bytes()
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "no-cache"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_an_address_that_names_the_content_is_kept_for_ever(visitor, entry):
    tag = visitor.get(f"/files/{entry.id}").headers["etag"]
    kept = visitor.get(f"/files/{entry.id}", params={"v": tag.strip('"')})
    assert kept.headers["cache-control"] == FOREVER
    other = visitor.get(f"/files/{entry.id}", params={"v": "0" * 16})
    assert other.headers["cache-control"] == "no-cache"
    again = visitor.get(f"/files/{entry.id}", headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert not again.content


def test_a_download_has_a_plain_name(visitor, firm):
    (entry,) = [e for e in firm.catalogue if "script" in e.title]
    answer = visitor.get(f"/files/{entry.id}", params={"download": "1"})
    name = f"script-alert-1-script-sons-{entry.id[:8]}.png"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'


def test_metadata_are_the_stored_bytes(visitor, firm, entry):
    answer = visitor.get(f"/works/{entry.id}/metadata.json")
    assert answer.content == firm.store.get(entry.metadata_cid)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "path",
    [
        "/files/../medici.toml",
        "/files/..%2f..%2fmedici.toml",
        "/files/%2e%2e/%2e%2e/medici.toml",
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/%2e%2e/settings.py",
        "/static//etc/passwd",
        "/works/..%2f..%2fmedici.toml/metadata.json",
    ],
)
def test_no_path_leads_out(knock, path):
    answer = knock(f"GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode())
    assert answer.split()[1] in (b"400", b"404", b"405")
    assert b"[firm]" not in answer
    assert b"root:" not in answer
    assert b"create_app" not in answer


def test_an_entry_cannot_point_out_of_the_folder(tmp_path):
    firm = make_firm(tmp_path / "firm")
    (tmp_path / "secret.png").write_bytes(b"secret")
    outside = add_work(firm, 1)
    firm.catalogue.put(outside.with_(file="../secret.png"))
    linked = add_work(firm, 2)
    (firm.folder / linked.file).unlink()
    (firm.folder / linked.file).symlink_to(tmp_path / "secret.png")
    with serving(create_app(firm)) as url:
        for entry in (outside, linked):
            answer = httpx.get(f"{url}/files/{entry.id}")
            assert answer.status_code == 404
            assert b"secret" not in answer.content.replace(b"secret.png", b"")
        assert "not in the firm" in httpx.get(f"{url}/works/{outside.id}").text


def test_what_could_carry_scripts_is_only_ever_downloaded(tmp_path):
    firm = make_firm(tmp_path / "firm")
    entry = add_work(firm, 1)
    (firm.folder / "out/works/drawing.svg").write_text("<svg onload='alert(1)'/>")
    firm.catalogue.put(entry.with_(file="out/works/drawing.svg"))
    with serving(create_app(firm)) as url:
        answer = httpx.get(f"{url}/files/{entry.id}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
