from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from medici.errors import NoKey, UnreadableFile, WrongPassword, WrongUse
from medici.ledger.accounts import Key, Keyring, make_password_file, password_source

if TYPE_CHECKING:
    from pathlib import Path

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
secrets = st.integers(1, CURVE_ORDER - 1).map(lambda n: n.to_bytes(32, "big"))


def keyring(folder: Path, password: str = "correct horse") -> Keyring:
    return Keyring(folder, lambda: password)


@given(secret=secrets, digest=st.binary(min_size=32, max_size=32))
def test_addresses_and_signatures_are_those_of_an_independent_library(
    secret: bytes, digest: bytes
) -> None:
    key, peer = Key(secret), Account.from_key(secret)
    assert key.address == peer.address
    signature = key.sign_digest(digest)
    assert len(signature) == 65
    assert int.from_bytes(signature[32:64]) <= CURVE_ORDER // 2
    assert signature[64] in (27, 28)
    assert Account._recover_hash(digest, signature=signature) == key.address
    assert signature == bytes(peer.unsafe_sign_hash(digest).signature)


def test_a_key_never_shows_its_secret() -> None:
    key = Key.generate()
    assert key._secret.hex() not in repr(key)
    assert not hasattr(key, "__dict__")


@pytest.mark.parametrize("secret", [b"", b"\0" * 32, b"\xff" * 32, b"\1" * 31])
def test_what_is_no_secret_is_refused(secret: bytes) -> None:
    with pytest.raises(WrongUse):
        Key(secret)


def test_only_digests_are_signed() -> None:
    with pytest.raises(WrongUse):
        Key.generate().sign_digest(b"short")


def test_keys_are_kept_encrypted_for_the_owner_alone(tmp_path: Path) -> None:
    mine = keyring(tmp_path / "keys")
    address = mine.create("artist")
    path = tmp_path / "keys" / "artist.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [p.name for p in path.parent.iterdir()] == ["artist.json"]
    stored = path.read_text()
    assert mine.unlock("artist")._secret.hex() not in stored
    # any wallet opens it
    assert Account.from_key(Account.decrypt(stored, "correct horse")).address == address
    again = keyring(tmp_path / "keys")
    assert again.roles() == ["artist"]
    assert again.address("artist") == address
    assert again.unlock("artist").address == address


def test_a_wrong_password_is_said_to_be_wrong(tmp_path: Path) -> None:
    keyring(tmp_path).create("artist")
    with pytest.raises(WrongPassword) as caught:
        keyring(tmp_path, "wrong").unlock("artist")
    assert caught.value.exit_code == 3
    assert "wrong" not in caught.value.message


def test_missing_damaged_and_double_keys(tmp_path: Path) -> None:
    mine = keyring(tmp_path)
    with pytest.raises(NoKey):
        mine.address("artist")
    with pytest.raises(NoKey):
        mine.unlock("artist")
    address = mine.ensure("artist")
    assert mine.ensure("artist") == address
    with pytest.raises(WrongUse):
        mine.create("artist")
    with pytest.raises(WrongUse):
        mine.create("../artist")
    for damaged in (b"{", b"[]", b'{"address": "00"}'):
        (tmp_path / "artist.json").write_bytes(damaged)
        with pytest.raises((UnreadableFile, WrongUse)):
            keyring(tmp_path).unlock("artist")
    kept = json.loads(json.dumps({"address": "00" * 20, "version": 3, "crypto": {"kdf": "x"}}))
    (tmp_path / "artist.json").write_text(json.dumps(kept))
    with pytest.raises(UnreadableFile):
        keyring(tmp_path).unlock("artist")


def test_simulated_collectors_are_the_same_every_time(tmp_path: Path) -> None:
    first = [key.address for key in keyring(tmp_path).simulated(5)]
    assert len(set(first)) == 5
    assert [key.address for key in keyring(tmp_path).simulated(3)] == first[:3]


def test_where_the_password_comes_from(tmp_path: Path) -> None:
    file, named = tmp_path / "password", tmp_path / "named"
    make_password_file(file)
    made = file.read_text().strip()
    assert len(made) >= 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    make_password_file(file)
    assert file.read_text().strip() == made
    named.write_text("from a file\n")
    everything = {"MEDICI_PASSWORD": "env", "MEDICI_PASSWORD_FILE": str(named)}
    assert password_source(everything, file)() == "env"
    assert password_source({"MEDICI_PASSWORD_FILE": str(named)}, file)() == "from a file"
    assert password_source({}, file)() == made
    asked: list[int] = []

    def prompt() -> str:
        asked.append(1)
        return "typed"

    source = password_source({}, tmp_path / "none", prompt)
    assert (source(), source(), len(asked)) == ("typed", "typed", 1)
    with pytest.raises(WrongPassword):
        password_source({})()
    with pytest.raises(WrongPassword):
        password_source({"MEDICI_PASSWORD_FILE": str(tmp_path / "none")})()
