"""Takes the pictures of the page in docs/images from a firm that is being served.

medici demo --serve          # in one terminal
python tools/pictures.py     # in another; needs playwright and chromium
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

OUT = Path(__file__).parents[1] / "docs" / "images"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def read(url: str) -> dict:
    """A JSON answer of the page's API."""
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - our own server
        return json.load(answer)


def verify(page: Page) -> None:
    """Press the button of a work's page and wait for the stamp."""
    page.get_by_role("button", name="Verify this file now").click()
    page.locator(".stamp").wait_for(timeout=20_000)


def main(base: str = "http://127.0.0.1:8000") -> None:
    """Take all pictures; the work shown is the one with the longest story."""
    works = [
        read(f"{base}/api/v1/works/{work['id']}")
        for work in read(f"{base}/api/v1/works?limit=200")["works"]
    ]
    work = max(works, key=lambda each: len(each["sales"]))["page"]
    wanted = (
        ("web-gallery.png", "/", "light", 1230, None),
        ("web-work.png", work, "dark", 1150, None),
        ("web-verify.png", work, "light", 1080, verify),
        ("web-money.png", "/money", "light", 1100, None),
    )
    OUT.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as control:
        chromium = shutil.which("chromium")
        browser = control.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, path, scheme, height, act in wanted:
            size = {"width": 1280, "height": height}
            page = browser.new_page(viewport=size, color_scheme=scheme)
            page.goto(base + path)
            if act:
                act(page)
            page.wait_for_load_state("networkidle")
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            picture.save(OUT / name, optimize=True)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
