"""A music model that can be sampled: weights checked against their record, works exact."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.content import encode_wav
from medici.errors import BadStyle, BadWeights, WrongUse
from medici.records import Rendering
from medici.studio.checking import check_seed
from medici.studio.exact.sequence import OPEN
from medici.studio.music import notation, plan, roll, style, synth, tokens
from medici.studio.music.reading import read_score
from medici.studio.music.score import MODES, TONICS, VOICES, Score

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.records import ModelId, ModelRecord
    from medici.studio.exact.identity import ExactModel

SEQUENCE = "notes"
FORMS = ("mid", "musicxml", "png", "wav")
# Works composed together: the products are wide enough then, and the sums stay in the caches.
_TOGETHER = 32


class MusicModel:
    """A four-voice generator, composed and rendered exactly.

    Args:
        exact: from the weights file.
        record: the model's record.
        folder: where the model's other files are.

    Raises:
        BadWeights: the file holds another kind of model.
    """

    def __init__(self, exact: ExactModel, record: ModelRecord, folder: Path) -> None:
        self.exact, self.record, self.folder = exact, record, folder
        try:
            self.sequence = exact.sequences[SEQUENCE]
            self._key_levels = exact.tensors["keys"]
            self.default_psi = int(exact.about["psi"])
            told = self.sequence.weights.conditions.shape
            if self.sequence.values != tokens.VALUES or self._key_levels.shape != (24,):
                raise ValueError(f"{self.sequence.values} token values")
            if told[:2] != (tokens.CHANNELS, tokens.TOLD * tokens.TURNS):
                raise ValueError(f"conditions of {told}")
        except (KeyError, ValueError, TypeError) as error:
            raise BadWeights(f"{folder} holds no music model: {error}") from error

    @property
    def id(self) -> ModelId:
        """The model's identity on the chain: the Merkle root over its integers."""
        return self.record.id

    @property
    def keys(self) -> Mapping[str, str]:
        """Style keys, each with a sentence on its values."""
        return style.KEYS

    @property
    def forms(self) -> Sequence[str]:
        """Files that a work can be had as, by suffix."""
        return FORMS

    def parse(self, given: Mapping[str, Any] | None) -> style.Style:
        """Check a style against this model's schema.

        Raises:
            BadStyle: an unknown key or a value out of range.
        """
        return style.parse_style(given, self.default_psi)

    def sample(self, seed: int, style: Mapping[str, Any] | None = None) -> Rendering:
        """One work.

        Args:
            seed: 0 to 2^53 - 1.
            style: see `medici.studio.music.style.KEYS`; what is left open is the default.

        Returns:
            sound, its piano roll, and the full style they were made under.

        Raises:
            BadStyle: seed or style cannot be used.
        """
        return self.sample_many([seed], style)[0]

    def sample_many(
        self, seeds: Sequence[int], style: Mapping[str, Any] | None = None
    ) -> list[Rendering]:
        """One work a seed, in order; each equals what `sample` makes of its seed.

        Raises:
            BadStyle: a seed or the style cannot be used.
        """
        parsed = self.parse(style)
        scores = self.compose(seeds, style)
        return [self._render(score, s, parsed) for s, score in zip(seeds, scores, strict=True)]

    def compose(self, seeds: Sequence[int], style: Mapping[str, Any] | None = None) -> list[Score]:
        """The notes of seeds, without sound or picture.

        Raises:
            BadStyle: a seed or the style cannot be used.
        """
        parsed = self.parse(style)
        out: list[Score] = []
        for start in range(0, len(seeds), _TOGETHER):
            out += self._compose(seeds[start : start + _TOGETHER], parsed)
        return out

    def _compose(self, seeds: Sequence[int], parsed: style.Style) -> list[Score]:
        checked = [check_seed(seed) for seed in seeds]
        given: NDArray[np.int64] | None = None
        if parsed.voices:
            made = [plan.plan_of_voices(seed, parsed) for seed in checked]
            plans = [p for p, _, _ in made]
            rows = [_given(p, pitches, starts, parsed) for p, pitches, starts in made]
            given = np.stack(rows)
        else:
            plans = [plan.make_plan(seed, parsed, self._key_levels) for seed in checked]
        told = np.stack([tokens.conditions(p) for p in plans])
        noise = self.sequence.noise(SEQUENCE, checked, told.shape[1])
        drawn = self.sequence.draw(noise, parsed.psi, given, told)
        return [tokens.from_tokens(row, p) for row, p in zip(drawn, plans, strict=True)]

    def _render(self, score: Score, seed: int, parsed: style.Style) -> Rendering:
        return Rendering(
            pixels=roll.draw(score),
            seed=int(seed),
            style=parsed.as_json(),
            kind="music",
            audio=synth.render(score, parsed.timbre, parsed.tempo),
        )

    def encode(self, path: Path) -> Rendering:
        """The work nearest to a MIDI or MusicXML file of four voices.

        Notes go to the nearest eighth, and by octaves into the voices' ranges; a file that this
        model exported comes back note for note. Tempo and timbre are the defaults.

        Raises:
            BadData: the file is no readable score of four voices; the message names it.
            MissingPart: mido or music21 is not installed.
        """
        found = read_score(path)
        tonic, mode = found.key
        # Another tonic may keep more notes at their height; the one that is heard goes first.
        tonics = sorted(range(12), key=lambda t: (t - tonic) % 12)
        near, tonic = min(
            ((_expressible(found, t, mode), t) for t in tonics),
            key=lambda pair: int((pair[0].pitches != found.pitches).sum()),
        )
        voices = {
            name: style.write_voice(near.pitches[:, v], near.starts[:, v], near.fermata)
            for v, name in enumerate(VOICES)
        }
        metre = 3 if near.bar == 6 else 4
        return self.sample(
            0,
            {
                "voices": voices,
                "metre": f"{metre}/4",
                "upbeat": near.upbeat % (2 * metre),
                "key": TONICS[tonic],
                "mode": MODES[mode],
            },
        )

    def export(self, work: Rendering, form: str) -> bytes:
        """The work in another form.

        Raises:
            WrongUse: `form` is none of `forms`, or the work has no sound.
            MissingPart: the form's library is not installed.
        """
        if form not in FORMS:
            raise WrongUse(f"music has no form {form!r}", "forms: " + ", ".join(FORMS))
        if form == "wav":
            if work.audio is None:
                raise WrongUse("this work has no sound", "it was made by another family")
            return encode_wav(work.audio)
        if form == "png":
            return _png(work.pixels)
        parsed = self.parse(work.style)
        score = self.compose([work.seed], work.style)[0]
        if form == "mid":
            return notation.to_midi(score, parsed.tempo, parsed.timbre)
        return notation.to_musicxml(score, parsed.tempo, notation.describe(score))


def _expressible(score: Score, tonic: int, mode: int) -> Score:
    told = tokens.Plan(score.fermata, score.bar, score.upbeat, tonic, mode)
    return tokens.from_tokens(tokens.to_tokens(score, tonic), told, score.name)


def _given(
    told: tokens.Plan, pitches: NDArray[np.int16], starts: NDArray[np.bool_], parsed: style.Style
) -> NDArray[np.int64]:
    """Tokens of given voices, `OPEN` elsewhere: (4 · steps,)."""
    score = Score(pitches, starts, told.fermata, told.bar, told.upbeat)
    rows = tokens.to_tokens(score, told.tonic).reshape(-1, tokens.TURNS)
    back = tokens.from_tokens(rows.reshape(-1), told)
    for turn, voice in enumerate(tokens.ORDER):
        if voice not in parsed.given:
            rows[:, turn] = OPEN
            continue
        wrong = np.flatnonzero(back.pitches[:, voice] != pitches[:, voice])
        if len(wrong):
            lowest = tokens.LOWEST[voice] - tokens.shift_to_c(told.tonic)
            raise BadStyle(
                f"the given {VOICES[voice]} leaves its range at eighth {int(wrong[0]) + 1}",
                f"MIDI pitches {lowest} to {lowest + tokens.SPAN - 1} in this key",
            )
    return rows.reshape(-1)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()
