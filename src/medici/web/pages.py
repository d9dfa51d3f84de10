"""The pages for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, File, Form, Header, Query, UploadFile
from fastapi.responses import HTMLResponse, PlainTextResponse

from medici.errors import MediciError, UnreadableFile, WrongUse
from medici.web import answers, files, upload
from medici.web.desk import NoSuchWork
from medici.web.problems import status_of
from medici.web.render import page

if TYPE_CHECKING:
    from medici.web.desk import Desk

A_PAGE = 48
_ID = re.compile(r"[0-9a-f]{64}")


def router(desk: Desk) -> APIRouter:
    """``/``, ``/works/{id}``, ``/verify``, ``/money``, ``/healthz``."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    def gallery(
        number: Annotated[int | None, Query(alias="round", ge=0, le=2**31)] = None,
        place: Annotated[int, Query(alias="page", ge=1, le=10**6)] = 1,
    ) -> HTMLResponse:
        found = desk.works(number, (place - 1) * A_PAGE, A_PAGE)
        return page(
            "gallery.html",
            firm=desk.firm(),
            found=found,
            works=[(work, _seen(desk, work.id)) for work in found.works],
            round=number,
            page=place,
            pages=-(-found.total // A_PAGE),
        )

    @routes.get("/works/{work}")
    def work(work: str) -> HTMLResponse:
        if not _ID.fullmatch(work):
            raise NoSuchWork(f"{work[:80]} is no work of this gallery", "the first page lists all")
        return page(
            "work.html",
            firm=desk.firm(),
            work=desk.work(work),
            source=_source(desk, work),
            seen=_seen(desk, work),
        )

    @routes.get("/verify")
    def ask() -> HTMLResponse:
        return page("verify.html", firm=desk.firm(), said=None, problem=None)

    @routes.post("/verify")
    def verify(
        file: Annotated[UploadFile | None, File()] = None,
        work: Annotated[str, Form()] = "",
        part: Annotated[str, Header(alias="X-Part")] = "",
    ) -> HTMLResponse:
        """The verdict, as a whole page or (``X-Part: verdict``) as the stamp alone."""
        status, values = 200, _nothing()
        try:
            values |= _judged(desk, file, work)
        except MediciError as problem:
            status = status_of(problem)
            said = problem.message, problem.hint
            values["problem"] = [desk.public(text) for text in said]
        if part == "verdict":
            return page("verdict.html", status, **values)
        return page("verify.html", status, firm=desk.firm(), **values)

    @routes.get("/money")
    def money() -> HTMLResponse:
        return page("money.html", firm=desk.firm(), books=desk.books().books, rounds=desk.rounds())

    @routes.get("/healthz")
    def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})

    return routes


def _nothing() -> dict[str, Any]:
    return {"said": None, "problem": None, "name": "", "seen": "", "known": None}


def _judged(desk: Desk, file: UploadFile | None, work: str) -> dict[str, Any]:
    """What the stamp shows of a dropped file, or of the delivered file of one of our works."""
    if file is not None and file.filename:
        name = file.filename
        with upload.kept(file) as path:
            said = upload.verify(desk.house, path)
    elif work:
        entry = desk.entry(work)
        name = entry.title
        said = upload.verify(desk.house, files.located(desk, entry), rerun=True)
    else:
        raise UnreadableFile(
            "no file was chosen", "choose a picture or a sound, or drop one on the page"
        )
    answer = answers.VerifyAnswer.model_validate(said)
    known = None
    if answer.work:
        try:
            known = desk.work(answer.work)
        except (NoSuchWork, WrongUse):
            known = None
    seen = _seen(desk, answer.work) if known and answer.work else ""
    return {"said": answer, "name": name, "known": known, "seen": seen}


def _source(desk: Desk, work: str) -> str:
    """Address of the file as it is now; empty when it is gone."""
    try:
        path = files.located(desk, desk.entry(work))
    except NoSuchWork:
        return ""
    return f"/files/{work}?v={files.version(path)}"


def _seen(desk: Desk, work: str) -> str:
    """Address of the picture that shows the work; empty when it is gone."""
    cover = desk.entry(work).cover
    if not cover:
        return _source(desk, work)
    return f"/covers/{work}?v={cover[-16:]}" if cover in desk.house.store else ""
