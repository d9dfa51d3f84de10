from pathlib import Path

from starlette.routing import Mount

from medici.web.app import create_app

TEXT = (Path(__file__).parents[2] / "docs" / "web.md").read_text("utf-8")


def test_every_route_is_in_the_docs(firm, visitor):
    from medici.web import api, files, pages
    from medici.web.desk import Desk

    desk = Desk(firm, lambda: None)
    for room in (api, files, pages):
        for route in room.router(desk).routes:
            shown = route.path.replace("{work}", "{id}")
            assert f"`{shown}`" in TEXT or f" {shown}`" in TEXT, shown


def test_nothing_else_is_served(firm):
    app = create_app(firm)
    mounted = {r.path for r in app.routes if isinstance(r, Mount)}
    assert mounted == {"/static"}
