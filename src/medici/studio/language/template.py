"""The writer that is always there: templates whose slots are filled from small vocabularies.

Integers only, so that a seed gives the same words on every machine. It knows no more of a work than
the description says.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from medici.studio.language.clean import cut
from medici.studio.language.writer import FORMS, description, is_letter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LIGHT = ("Morning", "Noon", "Evening", "Winter", "Harvest", "Lamp", "Harbour", "Garden", "Rain")
_MUSIC = ("Nocturne", "Prelude", "Study", "Interlude", "Canon", "Refrain", "Étude", "Elegy")
_MOOD = ("Quiet", "Borrowed", "Slow", "Bright", "Patient", "Distant", "Unhurried", "Tender")
_THING = ("Window", "Letter", "Mirror", "Threshold", "Orchard", "Shore", "Staircase", "Signal")
_TITLES = (
    "{music} for {subject}",
    "{subject} at {light}",
    "{mood} {thing}",
    "{mood} {subject}",
    "{music} with {thing}",
    "After the {thing}",
    "{subject} and {thing}",
    "The {mood} {thing}",
)
_MAKES = (
    "I look for the moment when the {subject} stops being a motif and becomes a presence.",
    "This work began with the {subject} and a rule that I kept breaking.",
    "What interests me in the {subject} is how little of it is needed to be sure.",
    "The {subject} is a pretext here for rhythm, interval and rest.",
)
_HOW = (
    "Each part was chosen against many that were thrown away.",
    "The colours were given first, and the form had to earn them.",
    "Nothing in it was drawn twice the same way.",
    "Seen from afar it is one shape, from near a set of decisions.",
)
_END = (
    "It is meant to be lived with rather than explained.",
    "I hope that it is quieter than it looks.",
    "The rest belongs to whoever looks at it.",
    "It ends where the next one begins.",
)
_STYLES = ("gouache on paper", "woodcut", "pixel art", "oil sketch", "collage", "risograph print")
_LIGHTS = ("soft morning light", "hard side light", "lamp light", "overcast light", "dusk")
_FRAMES = ("centred composition", "wide view", "close view", "seen from above", "framed by a door")
_PALETTES = ("muted palette", "two colours and black", "warm palette", "cool palette")
_IDEAS = (
    "{Subject}, seen as if it were remembered: {mood} pictures that leave room for a voice.",
    "A calendar of {subject}, one picture for every season of attention.",
    "{Subject} in pairs: what it promises and what it keeps.",
    "One {thing}, many visitors: {subject} told through what it leaves behind.",
)
# Words that say nothing of what a work shows.
_SMALL_WORDS = (
    "a about all also an and are art as at be but by for from has have in into is it its like made "
    "more not of on one or our picture portrait seed so some that the their them then there these "
    "this to too very was we were what when where which who will with work would you your"
)
_SMALL = frozenset(_SMALL_WORDS.split())


class TemplateWriter:
    """Writes without any model. See `medici.studio.language.writer.Writer`."""

    name = "template"

    def title(self, about: str, seed: int) -> str:
        """Such as ``Nocturne for Harbour``."""
        pick = _picker("title", about, seed)
        made = pick(_TITLES).format(
            subject=_subject(about, pick).title(),
            music=pick(_MUSIC),
            light=pick(_LIGHT),
            mood=pick(_MOOD),
            thing=pick(_THING),
        )
        return cut(made, FORMS["title"].longest)

    def statement(self, about: str, seed: int) -> str:
        """Three sentences."""
        pick = _picker("statement", about, seed)
        first = _with_subject(pick(_MAKES), about, pick)
        return f"{first} {pick(_HOW)} {pick(_END)}"

    def prompt(self, about: str, seed: int) -> str:
        """The description, then technique, light, framing and palette."""
        pick = _picker("prompt", about, seed)
        rest = ", ".join(pick(x) for x in (_STYLES, _LIGHTS, _FRAMES, _PALETTES))
        whole = FORMS["prompt"]
        made = f"{cut(_letters(about), whole.longest - len(rest) - 2)}, {rest}"
        return made if whole.fits(made) else f"{_subject(about, pick)}, {rest}"

    def concept(self, about: str, seed: int) -> str:
        """One sentence."""
        pick = _picker("concept", about, seed)
        return _with_subject(pick(_IDEAS), about, pick)


def _picker(form: str, about: str, seed: int) -> Callable[[Sequence[str]], str]:
    """Draws from lists, one after the other, by SHAKE-256 of form, description and seed."""
    stream = hashlib.shake_256(f"medici/words/1\0{form}\0{about}\0{seed}".encode()).digest(256)
    place = iter(range(0, len(stream), 4))

    def pick(among: Sequence[str]) -> str:
        start = next(place)
        return among[int.from_bytes(stream[start : start + 4], "big") % len(among)]

    return pick


def _subject(about: str, pick: Callable[[Sequence[str]], str]) -> str:
    """A word of the description that says something, or a thing of our own."""
    words = [w for w in re.findall(r"\w+", _letters(about)) if 3 <= len(w) <= 16]
    telling = [w.lower() for w in words if w.lower() not in _SMALL]
    return pick(telling) if telling else pick(_THING).lower()


def _with_subject(template: str, about: str, pick: Callable[[Sequence[str]], str]) -> str:
    subject = _subject(about, pick)
    return template.format(
        subject=subject,
        Subject=subject.capitalize(),
        mood=pick(_MOOD).lower(),
        thing=pick(_THING).lower(),
    )


def _letters(about: str) -> str:
    """The description without digits and signs."""
    kept = "".join(c if is_letter(c) or c in " ,-'’" else " " for c in description(about))
    return re.sub(r"\s+(?=,)|,(?=\s*,)|(?<=\s)\s+", "", kept).strip(" ,-'’")
