import re

import httpx
import pytest
from tests.web.build import add_work, make_firm, png, portrait
from tests.web.conftest import serving

from medici.firm.house import Firm
from medici.web.app import create_app


def works(firm, **wanted):
    return [e for e in firm.catalogue if all(getattr(e, k) == v for k, v in wanted.items())]


def test_the_gallery_shows_every_work_with_its_picture(visitor, firm):
    page = visitor.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>Casa Test</h1>" in page.text
    for entry in firm.catalogue:
        assert f'href="/works/{entry.id}"' in page.text
        assert f'src="/files/{entry.id}?v=' in page.text


def test_rounds_filter_the_gallery(visitor, firm):
    page = visitor.get("/", params={"round": 2})
    for entry in firm.catalogue:
        assert (entry.id in page.text) == (entry.round == 2)
    assert 'href="/?round=2" aria-current="page"' in page.text
    assert "Nothing hangs here" in visitor.get("/", params={"round": 9}).text


def test_many_rounds_do_not_fill_the_page(tmp_path):
    firm = make_firm(tmp_path / "old")
    for number in range(1, 31):
        add_work(firm, number, number=number, stage="generated")
    with serving(create_app(firm)) as url:
        page = httpx.get(url, params={"round": 3}).text
        assert page.count('href="/?round=') == 12
        assert 'href="/?round=3" aria-current="page"' in page
        assert "19 earlier" in page
        assert 'href="/?round=1"' in httpx.get(f"{url}/money").text


@pytest.mark.parametrize("query", ["round=x", "round=-1", "page=0", "page=999999999"])
def test_odd_queries_are_refused_with_a_page(visitor, query):
    page = visitor.get(f"/?{query}")
    assert page.status_code == 422
    assert "<h1>" in page.text


def test_titles_are_text_never_markup(visitor, firm):
    (entry,) = [e for e in firm.catalogue if "script" in e.title]
    for path in ("/", f"/works/{entry.id}"):
        page = visitor.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;sons&#34;" in page


def test_a_work_tells_its_whole_proof(visitor, firm):
    entry = works(firm, round=1)[0]
    page = visitor.get(f"/works/{entry.id}").text
    root, proof = entry.proof
    for fact in (
        entry.title,
        str(entry.record.seed),
        entry.id,
        entry.record.digest,
        entry.record.model,
        entry.record.weights_sha256,
        entry.signature,
        entry.certified,
        entry.fingerprint["pdq"],
        root,
        entry.anchor["tx"],
        f"eip155:31337/erc721:0x{'00' * 20}/0x{entry.id}",
        "2026-11-23 10:05 UTC",
        f"{len(proof)} steps",
    ):
        assert fact in page


def test_a_work_without_proof_says_so(visitor, firm):
    (entry,) = works(firm, stage="generated")
    page = visitor.get(f"/works/{entry.id}").text
    assert page.count("Not yet.") == 3
    assert "Metadata" not in page
    assert visitor.get(f"/works/{entry.id}/metadata.json").status_code == 404


def test_without_a_chain_pages_say_so_and_show_the_rest(visitor, firm):
    for path in ("/", "/money", f"/works/{works(firm, round=1)[0].id}"):
        page = visitor.get(path)
        assert page.status_code == 200
        assert "The chain does not answer" in page.text
        assert "the local chain is not running" in page.text
    assert "simulated" in visitor.get("/").text


def test_unknown_places_get_a_page(visitor):
    for path in ("/works/" + "0" * 64, "/works/7", "/works/zz", "/nowhere", "/files/" + "0" * 64):
        page = visitor.get(path)
        assert page.status_code in (400, 404), path
        assert page.headers["content-type"].startswith("text/html")
        assert "To the gallery" in page.text


def test_health(visitor):
    assert visitor.get("/healthz").text == "ok\n"


def test_pages_load_nothing_from_elsewhere(visitor, firm):
    entry = works(firm, round=1)[0]
    for path in ("/", "/verify", "/money", f"/works/{entry.id}", "/static/medici.css", "/nope"):
        text = visitor.get(path).text
        assert not re.search(r"(?:src|href|action)=[\"'](?:https?:)?//", text)
        assert "url(" not in text
        assert "@import" not in text
        assert not re.search(r"\sstyle=|\son[a-z]+=|<script(?! src=)", text)  # the policy forbids


def test_the_style_sheet_is_light_and_dark(visitor):
    sheet = visitor.get("/static/medici.css")
    assert sheet.headers["content-type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in sheet.text
    assert '<meta name="color-scheme" content="light dark">' in visitor.get("/").text


def test_an_empty_gallery_says_how_to_begin(tmp_path):
    with serving(create_app(make_firm(tmp_path / "new"))) as url:
        assert "medici run" in httpx.get(url).text


def test_a_broken_entry_is_left_out_and_told(tmp_path):
    firm = make_firm(tmp_path / "hurt")
    good = add_work(firm, 1)
    bad = add_work(firm, 2)
    path = firm.catalogue.folder / f"{bad.id}.json"
    with serving(create_app(firm)) as url:
        assert bad.id in httpx.get(url).text
        path.write_text("{")
        page = httpx.get(url)
        assert page.status_code == 200
        assert good.id in page.text
        assert "1 entry of the catalogue cannot be read" in page.text
        assert path.read_text() == "{"


def test_new_works_appear_and_changed_files_get_a_new_address(tmp_path):
    firm = make_firm(tmp_path / "young")
    with serving(create_app(firm)) as url:
        entry = add_work(firm, 1, stage="certified")
        first = re.search(r'src="(/files/[^"]+)"', httpx.get(url).text).group(1)
        (firm.folder / entry.file).write_bytes(png(portrait(1)) + b"anchored")
        second = re.search(r'src="(/files/[^"]+)"', httpx.get(url).text).group(1)
        assert first != second
        assert httpx.get(url + second).content.endswith(b"anchored")


def test_on_a_real_network_nothing_is_called_simulated(tmp_path):
    firm = make_firm(tmp_path / "real")
    add_work(firm, 1)
    toml = firm.folder / "medici.toml"
    text = toml.read_text().replace('network = "local"', 'network = "far"', 1)
    toml.write_text(text + '\n[networks.far]\nrpc_url = "http://127.0.0.1:9"\nchain_id = 1\n')
    with serving(create_app(Firm.open(firm.folder, environ={}))) as url:
        for path in ("/", "/money", "/verify"):
            page = httpx.get(url + path, timeout=30)
            assert page.status_code == 200
            assert "simulated" not in page.text
        assert httpx.get(f"{url}/api/v1/firm").json()["chain"]["simulated"] is False


def test_nobody_learns_where_the_firm_lives(tmp_path):
    firm = make_firm(tmp_path / "hurt")
    entry = add_work(firm, 1)
    (firm.catalogue.folder / f"{add_work(firm, 2).id}.json").write_text("{")
    firm.store.path(entry.metadata_cid).unlink()
    with serving(create_app(firm)) as url:
        for path in ("/", "/api/v1/firm", "/money", f"/works/{entry.id}/metadata.json"):
            assert str(tmp_path) not in httpx.get(url + path).text, path
        assert httpx.get(f"{url}/works/{entry.id}/metadata.json").status_code == 503


def test_heads_have_no_body(visitor, firm):
    entry = next(iter(firm.catalogue))
    for path in ("/", f"/files/{entry.id}", "/api/v1/firm", "/nowhere"):
        head, whole = visitor.head(path), visitor.get(path)
        assert (head.status_code, head.content) == (whole.status_code, b"")
        assert head.headers["content-length"] == whole.headers["content-length"]


def _luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_the_wall(visitor, scheme):
    # Source: WCAG 2.2, 1.4.3: 4.5 to 1.
    sheet = visitor.get("/static/medici.css").text
    light, dark = (
        dict(re.findall(r"--(\w+): (#\w{6})", part)) for part in sheet.split("dark)")[:2]
    )
    colours = light if scheme == "light" else light | dark
    for text in ("ink", "soft", "accent", "good", "so", "bad"):
        for wall in ("wall", "paper"):
            pair = sorted(_luminance(colours[name]) for name in (text, wall))
            assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (text, wall)
