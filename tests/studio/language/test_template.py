from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medici.content import content_digest, text_digest
from medici.errors import BadStyle, BadWeights, WrongUse
from medici.studio import conformance
from medici.studio.families import Generator, Training, load_model
from medici.studio.language.clean import clean
from medici.studio.language.family import Language, writer
from medici.studio.language.page import WIDTH, page
from medici.studio.language.template import TemplateWriter
from medici.studio.language.writer import FORMS, Writer

if TYPE_CHECKING:
    from pathlib import Path


@given(st.text(max_size=80), st.integers(0, 2**53 - 1), st.sampled_from(sorted(FORMS)))
@settings(max_examples=200, deadline=None)
def test_words_keep_to_their_form_whatever_is_described(about: str, seed: int, name: str) -> None:
    said = getattr(TemplateWriter(), name)(about, seed)
    assert FORMS[name].fits(said), said
    assert said == getattr(TemplateWriter(), name)(about, seed)


def test_the_words_are_fixed_for_ever() -> None:
    made = TemplateWriter()
    assert isinstance(made, Writer)
    assert made.title("A red house by the sea", 0) == "Red and Mirror"
    assert made.prompt("A red house by the sea", 0).startswith("A red house by the sea, ")


def test_seeds_and_descriptions_both_matter() -> None:
    made = TemplateWriter()
    titles = {made.title("a red house by the sea", seed) for seed in range(60)}
    assert len(titles) > 20
    subjects = {made.concept("a red house", s) for s in range(20)}
    assert any("house" in s.lower() for s in subjects)


@given(st.text(max_size=300), st.integers(1, 80), st.booleans())
@settings(max_examples=300, deadline=None)
def test_cleaned_words_hide_nothing(text: str, longest: int, lines: bool) -> None:
    import unicodedata

    plain = clean(text, longest, lines=lines)
    assert len(plain) <= longest
    assert not any(unicodedata.category(c) in ("Cf", "Co", "Cs") for c in plain)
    assert not set(plain) & set("<>[]{}`*\\|\x00\x1b\u202e\u2066")
    assert lines or "\n" not in plain
    assert clean(plain, longest, lines=lines) == plain


def test_a_template_is_a_model_like_others(tmp_path: Path) -> None:
    record = Language().adopt("template", tmp_path / "words")
    model: Any = load_model(tmp_path / "words")
    assert isinstance(model, Generator)
    report = conformance.check(Language(), tmp_path / "words")
    assert report.ok, str(report)
    assert model.id == record.id
    work = model.sample(3, {"about": "a red house", "form": "statement"})
    assert work.kind == "text"
    assert content_digest(work) == text_digest(work.text)
    assert model.sample(work.seed, work.style).text == work.text
    assert [w.text for w in model.sample_many([1, 2])] == [model.sample(s).text for s in (1, 2)]
    assert set(model.keys) == {"about", "form"}
    for style in ({"temperature": 1}, {"from": "title"}, {"form": "poem"}, {"about": 5}):
        with pytest.raises(BadStyle):
            model.sample(0, style)
    for seed in (-1, 2**53, 1.5, True):
        with pytest.raises(BadStyle):
            model.sample(seed)
    with pytest.raises(WrongUse):
        model.encode(tmp_path / "x")
    with pytest.raises(WrongUse):
        model.export(work, "pdf")
    (tmp_path / "words" / "record.json").write_text(
        (tmp_path / "words" / "record.json").read_text().replace('"version": 1', '"version": 2')
    )
    with pytest.raises(BadWeights):
        load_model(tmp_path / "words")


def test_language_models_are_not_trained(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="not trained"):
        Language().train(tmp_path, tmp_path / "m", Training(steps=1))
    assert writer().title("x", 1)


@pytest.mark.parametrize("text", ["Red", "word " * 120, "w" * 700, "", "one\ntwo", "été, naïve"])
def test_a_page_holds_its_words_inside_the_margins(text: str) -> None:
    pixels = page(text)
    assert pixels.shape[1:] == (WIDTH, 4)
    assert pixels.dtype == np.uint8
    assert (pixels[..., 3] == 255).all()
    inked = np.argwhere(pixels[..., 0] < 128)
    assert (len(inked) > 0) == bool(text.strip())
    if len(inked):
        assert inked[:, 1].min() >= 80
        assert inked[:, 1].max() < WIDTH - 80
        assert inked[:, 0].max() < pixels.shape[0] - 40
    assert (page(text) == pixels).all()
