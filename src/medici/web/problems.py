"""Errors as answers: the same tree as everywhere, each with a fitting status.

Under ``/api/`` an error is ``{"error": {"code", "message", "hint"}}``; a person gets a page.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from medici import errors
from medici.logs import logger
from medici.web.answers import ErrorAnswer
from medici.web.desk import NoSuchWork
from medici.web.people import without
from medici.web.render import page

if TYPE_CHECKING:
    from fastapi import FastAPI, Request, Response

# The first that fits counts, so finer classes stand before their parents.
_STATUS: tuple[tuple[type[errors.MediciError], int], ...] = (
    (NoSuchWork, 404),
    (errors.AnswerNo, 409),
    (errors.UnreadableFile, 422),
    # Not the asker's doing: what the server stands on is broken.
    (errors.BadSettings, 500),
    (errors.NoFirm, 500),
    (errors.StateFromOtherVersion, 500),
    (errors.WrongChain, 502),
    (errors.WrongUse, 400),
    (errors.MissingPart, 503),
    (errors.ChainRefused, 502),
    (errors.Interrupted, 503),
)
_CODES = {
    400: "wrong-use",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    422: "wrong-use",
    503: "busy",
}


def status_of(error: errors.MediciError) -> int:
    """The HTTP status that fits an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entry of a route's errors."""
    return {s: {"model": ErrorAnswer, "description": HTTPStatus(s).phrase} for s in statuses}


def add_to(app: FastAPI) -> None:
    """Let this app answer errors so."""
    app.add_exception_handler(errors.MediciError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unknown)


def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.MediciError)
    message, hint = (without(request.app.state.folder, t) for t in (error.message, error.hint))
    return _answer(request, status_of(error), error.code, message, hint)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    return _answer(request, 422, "wrong-use", f"{where or 'request'}: {first['msg']}", "")


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "error")
    text = str(error.detail)
    if error.status_code == 404:
        text = f"there is nothing at {request.url.path}"
    return _answer(request, error.status_code, code, text, "", error.headers)


def _unknown(request: Request, error: Exception) -> Response:
    logger("web").error("page failed", path=request.url.path, exc_info=error)
    text = "something here is broken; the server's log says what"
    return _answer(request, 500, "error", text, "")


def _answer(
    request: Request,
    status: int,
    code: str,
    message: str,
    hint: str,
    headers: Any = None,
) -> Response:
    if request.url.path.startswith("/api/"):
        body = {"error": {"code": code, "message": message, "hint": hint}}
        return JSONResponse(body, status, headers)
    title = HTTPStatus(status).phrase
    return page(
        "problem.html",
        status=status,
        headers=headers,
        title=title,
        code=code,
        message=message,
        hint=hint,
    )
