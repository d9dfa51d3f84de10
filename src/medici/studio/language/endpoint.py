"""Language models behind an OpenAI-compatible endpoint, trusted with nothing but words."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import Future
from dataclasses import dataclass
from ipaddress import ip_address
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from medici.errors import MissingPart, WrongUse
from medici.logs import logger
from medici.studio.language.clean import clean
from medici.studio.language.local import TEMPERATURE
from medici.studio.language.writer import FORMS, Form, description
from medici.untrusted import read_json

if TYPE_CHECKING:
    import httpx

KEY = "MEDICI_LANGUAGE_KEY"
_LARGEST = 1 << 20
_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504}
_LONGEST_WAIT = 10.0
_QUOTES = " \"'“”„«»‘’"


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    kind: str
    data: bytes
    wait: float | None


class EndpointWriter:
    """Writes through ``POST {base_url}/chat/completions``.

    The key is taken from the environment (``MEDICI_LANGUAGE_KEY``) when it is needed, and stands
    in no record, no message and no file.

    Args:
        base_url: up to and with the version, such as ``http://127.0.0.1:8080/v1``.
        model: the endpoint's name for its model.
        temperature: as the endpoint understands it.
        seconds: a whole answer may take, from the first byte sent to the last one read.
        tries: how often a question is put before it is given up.

    Raises:
        WrongUse: the address cannot be one.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        temperature: float = TEMPERATURE,
        seconds: float = 60.0,
        tries: int = 3,
    ) -> None:
        self.base_url, self.model = checked(base_url), model
        self.temperature, self.seconds, self.tries = temperature, seconds, tries
        self.name = model

    def title(self, about: str, seed: int) -> str:
        """See `medici.studio.language.writer.Writer`."""
        return self.write(FORMS["title"], about, seed)

    def statement(self, about: str, seed: int) -> str:
        """See `medici.studio.language.writer.Writer`."""
        return self.write(FORMS["statement"], about, seed)

    def prompt(self, about: str, seed: int) -> str:
        """See `medici.studio.language.writer.Writer`."""
        return self.write(FORMS["prompt"], about, seed)

    def concept(self, about: str, seed: int) -> str:
        """See `medici.studio.language.writer.Writer`."""
        return self.write(FORMS["concept"], about, seed)

    def write(self, form: Form, about: str, seed: int, temperature: float | None = None) -> str:
        """Words of a form; what the endpoint says beyond it is left out.

        Raises:
            MissingPart: no answer in time, again and again, or the key is refused.
            WrongUse: the answer is none, or holds no words of this form.
        """
        least, most = form.words
        wish = (
            f"{form.ask.format(about=description(about) or 'an untitled work')}\n"
            f"Answer with the {form.name} alone: {least} to {most} words, at most {form.longest} "
            "characters, plain letters and no digits, no quotation marks, no markup."
        )
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": wish}],
            "temperature": self.temperature if temperature is None else temperature,
            "seed": seed % (1 << 31),
            "max_tokens": 400,
            "stream": False,
        }
        found = None
        for _ in range(self.tries):
            said = self._said(self._ask(body))
            found = extracted(form, said)
            if found is not None:
                return found
            body = {**body, "seed": (int(str(body["seed"])) + 1) % (1 << 31)}
        raise WrongUse(
            f"{self.base_url} answered {self.tries} times without a {form.name} in it",
            "try another model",
        )

    def _ask(self, body: dict[str, Any]) -> bytes:
        """The body of a good answer, at most 1 MiB.

        It runs on a thread with an event loop of its own: only that ends an answer which trickles
        on for ever, whatever loop the caller may be in. Nobody who stops the program waits for it.
        """
        answer: Future[bytes] = Future()

        def ask() -> None:
            try:
                answer.set_result(asyncio.run(self._try_all(body)))
            except BaseException as error:  # raised again by whoever waits
                answer.set_exception(error)

        Thread(target=ask, daemon=True).start()
        return answer.result()

    async def _try_all(self, body: dict[str, Any]) -> bytes:
        import httpx

        reason = ""
        headers = self._headers()
        async with httpx.AsyncClient(timeout=self.seconds, follow_redirects=False) as client:
            for number in range(self.tries):
                wait, silent = 0.2 * 2**number, False
                try:
                    async with asyncio.timeout(self.seconds):
                        answer = await self._once(client, body, headers)
                except (TimeoutError, httpx.TimeoutException):
                    reason, silent = f"no whole answer within {self.seconds:g} s", True
                except (httpx.HTTPError, httpx.StreamError) as error:
                    reason = str(error) or type(error).__name__
                else:
                    if answer.status not in _AGAIN:
                        return self._good(answer)
                    reason = f"status {answer.status}"
                    wait = min(_LONGEST_WAIT, answer.wait if answer.wait is not None else wait)
                if number + 1 < self.tries:
                    if silent:  # whoever waits a minute wants to know what for
                        left = f"{reason}; asking again, {number + 2} of {self.tries}"
                        logger("studio").warning(left, endpoint=self.base_url)
                    await asyncio.sleep(wait)
        raise MissingPart(
            f"the endpoint {self.base_url} does not answer: {clean(reason, 200)}",
            "see that it runs and that base_url is right; the template writer needs none",
        )

    async def _once(
        self, client: httpx.AsyncClient, body: dict[str, Any], headers: dict[str, str]
    ) -> _Answer:
        url = f"{self.base_url}/chat/completions"
        async with client.stream("POST", url, json=body, headers=headers) as response:
            if response.headers.get("content-encoding", "identity") != "identity":
                # Not asked for, and a small answer could unpack to any size.
                raise WrongUse(f"{self.base_url} answered in a packed form that was not asked for")
            data = bytearray()
            async for chunk in response.aiter_raw():
                data += chunk
                if len(data) > _LARGEST:
                    raise WrongUse(f"{self.base_url} answered with more than {_LARGEST} bytes")
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            return _Answer(response.status_code, kind, bytes(data), _wait(response))

    def _good(self, answer: _Answer) -> bytes:
        if answer.status in (401, 403):
            raise MissingPart(
                f"{self.base_url} refuses the key", f"set the environment variable {KEY}"
            )
        if 300 <= answer.status < 400:
            raise WrongUse(f"{self.base_url} sends elsewhere", "give the address itself")
        if answer.status != 200:
            told = clean(answer.data[:2000].decode("utf-8", errors="replace"), 200)
            raise WrongUse(
                f"{self.base_url} answered with status {answer.status}: {told}",
                "see that base_url ends with the version and that the model's name is right",
            )
        if answer.kind != "application/json":
            raise WrongUse(
                f"{self.base_url} answered with {clean(answer.kind, 60) or 'no type'}, not JSON",
                "is it an OpenAI-compatible endpoint?",
            )
        return answer.data

    def _said(self, data: bytes) -> str:
        try:
            said = read_json(data)["choices"][0]["message"]["content"]
        except (ValueError, KeyError, IndexError, TypeError):
            said = None
        if not isinstance(said, str):
            raise WrongUse(
                f"{self.base_url} answered with JSON that is no chat completion",
                "is it an OpenAI-compatible endpoint?",
            )
        return said

    def _headers(self) -> dict[str, str]:
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        key = os.environ.get(KEY, "").strip()
        if not key:
            return headers
        if not key.isascii() or not key.isprintable():
            raise WrongUse(f"{KEY} holds characters that no key has")
        parts = urlsplit(self.base_url)
        if parts.scheme != "https" and not _is_here(parts.hostname or ""):
            raise WrongUse(
                f"the key would travel in the open to {self.base_url}",
                f"use https, or unset {KEY}",
            )
        return {**headers, "authorization": f"Bearer {key}"}


def checked(base_url: str) -> str:
    """An endpoint's address without a slash at its end.

    Raises:
        WrongUse: not http or https, no host, or with a password, a query or a fragment.
    """
    try:
        parts = urlsplit(base_url.strip())
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
        good = good and parts.port != 0 and not (parts.query or parts.fragment or parts.username)
    except ValueError:
        good = False
    if not good or any(c.isspace() for c in base_url.strip()):
        raise WrongUse(
            "the endpoint's address cannot be used",
            f"write it like http://127.0.0.1:8080/v1; a key belongs into {KEY}",
        )
    return base_url.strip().rstrip("/")


def extracted(form: Form, said: str) -> str | None:
    """The words of a form in what a chatty model said; None where there are none."""
    text = clean(said, 4 * form.longest, lines=True)
    lines = [line for line in text.split("\n") if not line.endswith(":")]
    whole = " ".join(lines)
    # A statement may run over lines; what follows the line of a title is talk about it.
    for line in [whole, *lines] if form.ends else [*lines, whole]:
        plain = line.strip(_QUOTES)
        head, colon, rest = plain.partition(":")
        if colon and form.name in head.lower() and len(head) < 40:
            plain = rest.strip(_QUOTES)
        found = form.fitted(plain)
        if found is not None:
            return found
    return None


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _wait(response: httpx.Response) -> float | None:
    try:
        return max(0.0, float(response.headers.get("retry-after", "")))
    except ValueError:
        return None
