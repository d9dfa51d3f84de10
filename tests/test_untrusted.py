"""What strangers wrote is read, or refused; it never ends the process."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from medici.untrusted import DEEPEST, read_json


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, 2.5, None, True], "b": {"c": "d"}},
        [[]] * 500,
        '["[[[" , "\\" [[" ]' * 50,
        "[" * 500,
    ],
)
def test_ordinary_documents_are_read(value):
    text = json.dumps(value)
    assert read_json(text) == read_json(text.encode()) == value


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"b":', '["]]]]",'])
def test_deep_documents_are_refused(opening):
    with pytest.raises(ValueError, match="deep"):
        read_json(opening * (DEEPEST + 1))


def test_the_limit_itself_is_read():
    assert read_json("[" * DEEPEST + "]" * DEEPEST)


@pytest.mark.parametrize("text", [b"\xff\xfe", "[1,", "", '[1]"', "[1]" * 90])
def test_what_is_no_json_is_a_value_error(text):
    with pytest.raises(ValueError):  # noqa: PT011
        read_json(text)


def test_other_encodings_are_refused():
    with pytest.raises(ValueError, match="decode"):
        read_json(('"\\"' + "[" * 200).encode("utf-16"))


def test_what_is_no_text_is_a_type_error():
    with pytest.raises(TypeError, match="NoneType"):
        read_json(None)


def test_a_raised_recursion_limit_does_not_end_the_process():
    code = (
        "import sys; sys.setrecursionlimit(10**6)\n"
        "from medici.untrusted import read_json\n"
        "try: read_json('[' * 200_000)\n"
        "except ValueError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "deep" in done.stdout


def test_half_a_surrogate_pair_is_refused_since_nothing_can_write_it():
    with pytest.raises(ValueError, match="surrogates"):
        read_json('{"a": ["\\uD800"]}')
    assert read_json('"\\ud83d\\ude00"') == "\U0001f600"
