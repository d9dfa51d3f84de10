"""The HTTP API: the same answers as the pages, as JSON with a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, File, Path, Query, UploadFile

from medici.web import answers, upload
from medici.web.problems import responses

if TYPE_CHECKING:
    from medici.web.desk import Desk

WorkIdPath = Annotated[
    str,
    Path(pattern="^[0-9a-f]{64}$", description="Content digest of the work."),
]
MOST_WORKS = 200


def router(desk: Desk) -> APIRouter:
    """The routes under ``/api/v1``."""
    routes = APIRouter(prefix="/api/v1")

    @routes.get("/firm", tags=["firm"])
    def firm() -> answers.FirmAnswer:
        """The firm, its contracts, and how far its works came."""
        return desk.firm()

    @routes.get("/works", tags=["works"], responses=responses(422))
    def works(
        number: Annotated[
            int | None, Query(alias="round", ge=0, le=2**31, description="Of this round only.")
        ] = None,
        offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_WORKS)] = 48,
    ) -> answers.WorksAnswer:
        """The works, newest round first."""
        return desk.works(number, offset, limit)

    @routes.get("/works/{id}", tags=["works"], responses=responses(404, 422))
    def work(id: WorkIdPath) -> answers.WorkAnswer:  # noqa: A002 - the name in the schema
        """One work with its whole proof and its sales."""
        return desk.work(id)

    @routes.post("/verify", tags=["proof"], responses=responses(400, 413, 422, 503))
    def verify(
        file: Annotated[UploadFile, File(description="Any file, up to 32 MiB.")],
    ) -> answers.VerifyAnswer:
        """Is this file authentic, who made it, and when? The file is not kept."""
        with upload.kept(file) as path:
            return answers.VerifyAnswer.model_validate(upload.verify(desk.house, path))

    @routes.get("/books", tags=["money"])
    def books() -> answers.BooksAnswer:
        """The books: received = paid out + owed; splits, dividends, shareholders."""
        return desk.books()

    @routes.get("/rounds", tags=["firm"])
    def rounds() -> answers.RoundsAnswer:
        """What each round made and sold."""
        return desk.rounds()

    return routes
