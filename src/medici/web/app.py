"""The web application of one firm: pages, files and API put together."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from medici import __version__
from medici.web import api, files, pages, problems
from medici.web.desk import Desk
from medici.web.guard import Guard
from medici.web.render import STATIC

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractContextManager

    from medici.firm.house import Firm
    from medici.ledger.chain import Chain


def create_app(
    firm: Firm, open_chain: Callable[[], AbstractContextManager[Chain]] | None = None
) -> FastAPI:
    """The application.

    It only shows: no key is unlocked and nothing is sent on anybody's behalf.

    Args:
        firm: whose gallery this is.
        open_chain: connects to the firm's chain for one reading; the firm's own by default.
    """

    def own_chain() -> AbstractContextManager[Chain]:
        from medici.firm import launch

        return launch.chain(firm)

    desk = Desk(firm, open_chain or own_chain)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        desk.begin()
        yield

    # The generated documentation pages load scripts from elsewhere; only the schema is offered.
    app = FastAPI(
        title=f"{firm.settings.firm.name}: gallery and proof",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.folder = str(firm.folder)
    app.include_router(api.router(desk))
    app.include_router(files.router(desk))
    app.include_router(pages.router(desk))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    problems.add_to(app)
    app.add_middleware(Guard)
    return app
