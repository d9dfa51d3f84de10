"""Words of a model, made harmless: plain text in one known alphabet of shapes, never markup.

What a model says is data. It is shown to people and stored in records; it decides nothing.
"""

from __future__ import annotations

import re
import unicodedata

# Bidirectional controls and invisible characters, with which text can look like other text.
_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
_TAG = re.compile(r"<[^<>]{0,500}>")
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()]{0,500}\)")
_URL = re.compile(r"\b(?:[a-z][a-z0-9+.-]{1,20}://|www\.|mailto:|data:|javascript:)\S*", re.I)
_MARKS = re.compile(r"[*_`#~|\\<>{}\[\]^]+")
_BLANK = re.compile(r"[^\S\n]+")
_MOST_MARKS_A_LETTER = 2


def clean(text: str, longest: int, *, lines: bool = False) -> str:
    """Plain words: no control or hidden characters, markup, links or piles of accents.

    Args:
        text: anything.
        longest: characters; what is longer is cut at a word's end.
        lines: keep line breaks; otherwise they become spaces.

    Returns:
        Unicode form NFC, trimmed; may be empty.
    """
    text = unicodedata.normalize("NFC", text[: 20 * longest + 10_000])
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    text = "".join(c for c in text if c == "\n" or unicodedata.category(c) not in _HIDDEN)
    text = _flat(text)
    text = _URL.sub(" ", _MARKS.sub(" ", _LINK.sub(r"\1", _TAG.sub(" ", text))))
    rows = [_BLANK.sub(" ", row).strip() for row in text.split("\n")]
    text = "\n".join(r for r in rows if r) if lines else " ".join(r for r in rows if r)
    return cut(text, longest)


def cut(text: str, longest: int) -> str:
    """The beginning of a text, at most so long, ended at a word's end where there is one."""
    if len(text) <= longest:
        return text
    short = text[: longest + 1]
    at = max(short.rfind(" "), short.rfind("\n"))
    return (short[:at] if at > longest // 2 else short[:longest]).rstrip(" \n,;:-–—")


def _flat(text: str) -> str:
    """At most two combining marks on a letter: more of them climb out of their line."""
    out: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS_A_LETTER:
            out.append(character)
    return "".join(out)
