"""What writes words, and the forms it writes them in."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, runtime_checkable

from medici.errors import BadStyle
from medici.studio.language.clean import clean

LONGEST_ABOUT = 500


@runtime_checkable
class Writer(Protocol):
    """Anything that finds words for a work. Its words are shown; nothing is decided by them."""

    name: str

    def title(self, about: str, seed: int) -> str:
        """A name of one to six words for what `about` describes, at most 60 characters."""
        ...

    def statement(self, about: str, seed: int) -> str:
        """A few sentences an artist might say of it, at most 600 characters."""
        ...

    def prompt(self, about: str, seed: int) -> str:
        """A line to steer a text-to-image model with, at most 300 characters."""
        ...

    def concept(self, about: str, seed: int) -> str:
        """The idea of a campaign or a set in one or two sentences, at most 300 characters."""
        ...


@dataclass(frozen=True, slots=True)
class Form:
    """What words of one kind must look like, letter by letter.

    Attributes:
        name: ``title`` …
        ask: what a model is asked for, with a place for the description.
        letters: regular expression of one allowed character.
        longest: characters.
        words: fewest and most.
        ends: characters it may end with besides letters; empty for letters only.
        line: what a model's answer begins with, so that it does not begin with chatter.
    """

    name: str
    ask: str
    letters: str
    longest: int
    words: tuple[int, int]
    ends: str = ""
    line: str = ""

    def may_begin(self, text: str) -> bool:
        """Whether some allowed words begin with this text."""
        if len(text) > self.longest or (text and not is_letter(text[0])):
            return False
        if not all(self.allows(c) for c in text) or _CLUMSY.search(text):
            return False
        return self.count(text) <= self.words[1]

    def fits(self, text: str) -> bool:
        """Whether a text is complete and allowed."""
        if not text or not self.may_begin(text) or self.count(text) < self.words[0]:
            return False
        return text[-1] in self.ends if self.ends else is_letter(text[-1])

    def allows(self, character: str) -> bool:
        """Whether the character may stand somewhere in it."""
        return is_letter(character) or re.fullmatch(self.letters, character) is not None

    def best_part(self, text: str) -> str | None:
        """The longest beginning of a text that fits, whole words only; None without one."""
        for end in range(len(text), 0, -1):
            whole = end == len(text) or not (text[end - 1].isalpha() and text[end].isalpha())
            if whole and self.fits(text[:end]):
                return text[:end]
        closed = text.rstrip(" ,;:'’-.") + "."
        return closed if self.ends and self.fits(closed) else None

    def fitted(self, text: str) -> str | None:
        """The longest beginning that fits once everything that may not stand there is left out."""
        plain = "".join(c if self.allows(c) else " " for c in text)
        plain = _LOOSE.sub(r"\1", plain)
        plain = _CROWD.sub(r"\1", plain)
        return self.best_part(
            re.sub(r"\s+", " ", plain).strip(" ,.;:!?'’-" if not self.ends else " ")
        )

    @staticmethod
    def count(text: str) -> int:
        """Words of a text."""
        return len(text.split())


def is_letter(character: str) -> bool:
    """A letter of the Latin script, with or without accents: what the bundled font can draw."""
    return character.isalpha() and unicodedata.name(character, "").startswith("LATIN")


# No digits, signs or addresses: a title must not look like a price, a number or a link.
_CLUMSY = re.compile(r"[ ][ ,.;:!?'’-]|[,.;:!?'’-][,.;:!?'’-]|[,.;:!?](?![ ]|$)")

_LOOSE = re.compile(r"\s+([,.;:!?](?:\s|$))")
_CROWD = re.compile(r"([,.;:!?'’-])[,.;:!?'’-]+")

FORMS: dict[str, Form] = {
    "title": Form(
        "title",
        "Give a short poetic title for this work of art: {about}",
        r"[ '’,-]",
        60,
        (1, 6),
        line="Title: ",
    ),
    "statement": Form(
        "statement",
        "Write two or three sentences in which the artist speaks of this work: {about}",
        r"[ '’,.;:!?-]",
        600,
        (8, 110),
        ".!?",
    ),
    "prompt": Form(
        "prompt",
        "Describe a picture in one line, for an image generator, after this idea: {about}",
        r"[ '’,-]",
        300,
        (3, 50),
        line="A picture of ",
    ),
    "concept": Form(
        "concept",
        "Write in one or two sentences the idea of a campaign with these works: {about}",
        r"[ '’,.;:!?-]",
        300,
        (6, 60),
        ".!?",
    ),
}


def form(name: object) -> Form:
    """A form by its name.

    Raises:
        BadStyle: there is none.
    """
    if not isinstance(name, str) or name not in FORMS:
        raise BadStyle(f"style form cannot be {name!r}", "one of: " + ", ".join(FORMS))
    return FORMS[name]


def description(about: object) -> str:
    """A description as models and templates see it: plain, at most 500 characters.

    Raises:
        BadStyle: no text, or too long to be one.
    """
    if not isinstance(about, str) or len(about) > 20 * LONGEST_ABOUT:
        raise BadStyle("style about must be a text", f"at most {LONGEST_ABOUT} characters")
    return clean(about, LONGEST_ABOUT)


def repeats(text: str) -> bool:
    """Whether a small model has begun to say the same thing again: three words twice."""
    words = re.findall(r"\w+", text.lower())
    # The last word may not be whole yet.
    whole = words if text.endswith((" ", ".", "!", "?", ",", ";", ":")) else words[:-1]
    seen = [tuple(whole[i : i + 3]) for i in range(len(whole) - 2)]
    doubled = any(a == b for a, b in pairwise(whole))
    return doubled or len(seen) != len(set(seen))
