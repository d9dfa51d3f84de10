"""One person, one real browser: look, drop a file, read the stamp."""

import base64
import shutil

import pytest

playwright = pytest.importorskip(
    "playwright.sync_api", reason="pip install playwright brings the browser's remote control"
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-headless-shell")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="apt install chromium brings a browser")

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DROP = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  document.body.dispatchEvent(
    new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as control:
        browser = control.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def gallery(traded):
    """Address of a gallery, its firm, and an anchored work."""
    market, url = traded
    return url, market.firm, market.entries[0]


@pytest.fixture
def window(browser):
    """A page that fails the test on any error, refused resource, or request to elsewhere."""
    page = browser.new_page()
    trouble = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda m: m.type == "error" and trouble.append(m.text))
    page.on(
        "request", lambda r: "127.0.0.1" in r.url or trouble.append(f"asked elsewhere: {r.url}")
    )
    yield page
    page.close()
    assert trouble == []


def test_a_dropped_file_is_stamped(window, gallery):
    url, firm, entry = gallery
    window.goto(url)
    window.get_by_role("link", name="Verify", exact=True).click()
    data = base64.b64encode((firm.folder / entry.file).read_bytes()).decode()
    window.evaluate(DROP, ["my find.png", data])
    stamp = window.locator(".stamp")
    stamp.wait_for(timeout=20_000)
    assert stamp.inner_text().lower().endswith("authentic")
    assert "my find.png" in window.locator(".verdict").inner_text()
    window.locator("a.known").click()
    assert window.locator("h1").inner_text() == entry.title


def test_the_form_works_without_scripts(browser, gallery):
    url, firm, entry = gallery
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{url}/verify")
    page.set_input_files("#file", firm.folder / entry.file)
    page.get_by_role("button", name="Verify").click()
    assert page.locator(".stamp").inner_text().lower().endswith("authentic")
    context.close()


def test_pixels_stay_crisp_and_colours_follow_the_system(browser, gallery):
    url, _, entry = gallery
    seen = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(f"{url}/works/{entry.id}")
        style = "getComputedStyle(document.body).backgroundColor"
        seen[scheme] = sum(int(n) for n in page.evaluate(style)[4:-1].split(","))
        picture = "getComputedStyle(document.querySelector('.picture')).imageRendering"
        assert page.evaluate(picture) == "pixelated"
        assert page.evaluate("document.querySelector('.picture').naturalWidth") == 64
        context.close()
    assert seen["dark"] < 150 < 600 < seen["light"]


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_page_is_wider_than_the_window(browser, gallery, width):
    url, _, entry = gallery
    page = browser.new_page(viewport={"width": width, "height": 800})
    for path in ("/", f"/works/{entry.id}", "/money", "/verify", "/nowhere"):
        page.goto(url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.close()
