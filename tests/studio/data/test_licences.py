"""Licences: spelled as SPDX spells them, and what they stand against."""

from __future__ import annotations

import sys

import pytest

from medici.errors import MissingPart, WrongUse
from medici.studio.data import licences
from medici.studio.data.licences import forbids, normalise, together


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("cc-by-4.0", "CC-BY-4.0"),
        ("mit", "MIT"),
        ("MIT or cc0-1.0", "MIT OR CC0-1.0"),
        ("LicenseRef-commission", "LicenseRef-commission"),
    ],
)
def test_spelling(written, canonical):
    assert normalise(written) == canonical


@pytest.mark.parametrize("nonsense", ["all mine", "MIT AND", "", "((", "CC-BY-9.0", "no licence"])
def test_nonsense_is_refused(nonsense):
    with pytest.raises(WrongUse):
        normalise(nonsense)


def test_a_near_miss_is_guessed():
    with pytest.raises(WrongUse, match="'CC-BY-4' is no licence") as caught:
        normalise("CC-BY-4")
    assert "did you mean CC-BY-4.0?" in caught.value.hint


@pytest.mark.parametrize(
    ("licence", "flags"),
    [
        ("CC0-1.0", set()),
        ("MIT", set()),
        ("Apache-2.0", set()),
        ("CC-BY-4.0", set()),
        ("CC-BY-SA-4.0", {"share-alike"}),
        ("OFL-1.1", {"share-alike"}),
        ("GPL-2.0-only WITH Classpath-exception-2.0", {"share-alike"}),
        ("CC-BY-NC-4.0", {"no-commercial"}),
        ("CC-BY-ND-4.0", {"no-derivatives"}),
        ("CC-BY-NC-ND-4.0", {"no-commercial", "no-derivatives"}),
        ("CC-BY-NC-SA-4.0", {"no-commercial", "share-alike"}),
        ("PolyForm-Noncommercial-1.0.0", {"no-commercial"}),
        ("BUSL-1.1", {"restricted"}),
        ("LicenseRef-commission", {"own"}),
        ("CC-BY-NC-4.0 OR CC-BY-4.0", set()),
        ("CC-BY-NC-4.0 AND CC-BY-4.0", {"no-commercial"}),
        ("CC-BY-SA-4.0 OR CC-BY-NC-4.0", {"share-alike"}),
    ],
)
def test_what_stands_against_publishing(licence, flags):
    assert forbids(licence) == flags


def test_licences_of_a_mixed_set_all_hold():
    assert together(["MIT", "CC0-1.0", "MIT"]) == "CC0-1.0 AND MIT"
    assert together(["MIT OR ISC"]) == "MIT OR ISC"
    mixed = together(["MIT OR ISC", "CC-BY-NC-4.0"])
    assert mixed == "CC-BY-NC-4.0 AND (MIT OR ISC)"
    assert forbids(mixed) == {"no-commercial"}


@pytest.mark.parametrize(
    ("licences", "both"),
    [
        (["CC-BY-NC-4.0", "MIT or ISC"], "CC-BY-NC-4.0 AND (MIT or ISC)"),
        (["CC-BY-NC-4.0", "(MIT) OR (ISC)"], "CC-BY-NC-4.0 AND ((MIT) OR (ISC))"),
        (["CC-BY-NC-4.0", "MIT) OR (ISC"], "CC-BY-NC-4.0 AND (MIT OR ISC)"),
        (["MIT AND (ISC OR CC0-1.0)", "ISC OR CC0-1.0"], "(ISC OR CC0-1.0) AND MIT"),
        (["(MIT AND ISC)", "ISC"], "ISC AND (MIT AND ISC)"),
        (["not stated", "MIT"], "MIT AND not stated"),
        (["bought from Ann AND Bob", "MIT"], "MIT AND (bought from Ann AND Bob)"),
        (
            ["GPL-2.0-only WITH Classpath-exception-2.0 AND MIT"],
            "GPL-2.0-only WITH Classpath-exception-2.0 AND MIT",
        ),
    ],
)
def test_what_holds_for_one_holds_for_all(licences, both):
    assert together(licences) == together([both]) == both
    if "NC" in both:
        assert forbids(both) == {"no-commercial"}


def test_without_the_list_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "license_expression", None)
    licences._library.cache_clear()
    with pytest.raises(MissingPart) as caught:
        normalise("MIT")
    assert caught.value.hint == "pip install 'medici[data]'"
