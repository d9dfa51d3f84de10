"""A writer as a generator: a seed and a description make a text, and a page to show it on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medici.errors import BadStyle, WrongUse
from medici.records import Rendering
from medici.studio.checking import StyleChecks, check_seed
from medici.studio.language.page import page
from medici.studio.language.template import TemplateWriter
from medici.studio.language.writer import FORMS, Writer, description, form

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from medici.records import ModelId, ModelRecord

# Key → what it does; the same words serve help texts and error messages.
KEYS: dict[str, str] = {
    "about": "a description of what the words are for, at most 500 characters",
    "form": "one of: " + ", ".join(FORMS),
    "temperature": "0 to 2: 0 takes the likeliest words, more is more daring",
}


class LanguageModel:
    """Texts by seed. A template's words are the same on every machine; a model's only nearly.

    Args:
        writer: finds the words.
        record: the model's record.
    """

    forms: tuple[str, ...] = ("txt",)

    def __init__(self, writer: Writer, record: ModelRecord) -> None:
        self.writer, self.record = writer, record

    @property
    def id(self) -> ModelId:
        """The model's identity: over its files, or over what it is called where it runs."""
        return self.record.id

    @property
    def keys(self) -> Mapping[str, str]:
        """Style keys that this model understands, each with a sentence on its values."""
        if isinstance(self.writer, TemplateWriter):
            return {key: KEYS[key] for key in ("about", "form")}
        return dict(KEYS)

    def sample(self, seed: int, style: Mapping[str, Any] | None = None) -> Rendering:
        """One text.

        Args:
            seed: 0 to 2^53 - 1.
            style: keys of `keys`; what is left open is the default, a title.

        Returns:
            the text, a page with it as pixels, and the full style.

        Raises:
            BadStyle: seed or style cannot be used.
            MissingPart: an endpoint does not answer.
            WrongUse: the model found no words of that form.
        """
        told = self._checked(style)
        seed = check_seed(seed)
        kind = form(told["form"])
        if "temperature" in told:
            # Only models have it, and theirs is a writer with `write`.
            text = self.writer.write(  # type: ignore[attr-defined]
                kind, told["about"], seed, told["temperature"]
            )
        else:
            text = getattr(self.writer, kind.name)(told["about"], seed)
        return Rendering(page(text), seed, told, kind="text", text=text)

    def sample_many(
        self, seeds: Sequence[int], style: Mapping[str, Any] | None = None
    ) -> list[Rendering]:
        """One text a seed, in order.

        Raises:
            BadStyle, MissingPart, WrongUse: see `sample`.
        """
        return [self.sample(seed, style) for seed in seeds]

    def _checked(self, style: Mapping[str, Any] | None) -> dict[str, Any]:
        given = StyleChecks(self.keys).known(style)
        told: dict[str, Any] = {
            "about": description(given.get("about", "")),
            "form": form(given.get("form", "title")).name,
        }
        if "temperature" in self.keys:
            own = getattr(self.writer, "temperature", 0.7)
            heat = given.get("temperature", own)
            wrong = isinstance(heat, bool) or not isinstance(heat, int | float)
            if wrong or not 0 <= heat <= 2:
                raise BadStyle(f"style temperature cannot be {heat!r}", KEYS["temperature"])
            told["temperature"] = heat
        return told

    def encode(self, path: Path) -> Rendering:
        """There is no way from words back to a seed.

        Raises:
            WrongUse: always.
        """
        raise WrongUse("a language model has no way from a text back to its seed")

    def export(self, work: Rendering, form: str) -> bytes:
        """The words as a plain UTF-8 file.

        Raises:
            WrongUse: another form than ``txt``, or a work without words.
        """
        if form != "txt" or work.text is None:
            raise WrongUse(f"works of {self.record.name} cannot be had as {form!r}", "take txt")
        return f"{work.text}\n".encode()
