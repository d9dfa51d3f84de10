"""The firm's keys: one encrypted file a role, opened by one password, readable by the owner alone.

Files are Web3 Secret Storage version 3, so any wallet opens them. Who only needs an address never
unlocks, and never imports the signing library (0.65 s).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from medici.errors import NoKey, UnreadableFile, WrongPassword, WrongUse
from medici.records import Address
from medici.store import atomic_write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROLES = ("deployer", "operator", "treasury", "guardian", "model")
SIMULATED = "simulated"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")
# scrypt with r = 8, p = 1: 0.04 s and 16 MiB an unlock, or 0.9 s and 256 MiB.
_COSTS = {"light": 2**14, "standard": 2**18}


class Signer(Protocol):
    """Whoever can sign a 32-byte digest, and is known by an address."""

    @property
    def address(self) -> Address:
        """The account whose signature it gives."""

    def sign_digest(self, digest: bytes) -> bytes:
        """65 bytes: r, s (low), v (27 or 28)."""


class Key:
    """An unlocked key. It never shows its secret in `repr` or messages.

    Args:
        secret: 32 bytes, a valid secp256k1 scalar.

    Raises:
        WrongUse: it is not.
    """

    __slots__ = ("_account", "_private", "_secret", "address")

    def __init__(self, secret: bytes) -> None:
        from coincurve import PrivateKey
        from eth_hash.auto import keccak

        try:
            if len(secret) != 32:  # shorter ones would be padded
                raise ValueError
            self._private = PrivateKey(secret)
        except ValueError:
            raise WrongUse("not a secp256k1 secret key") from None
        self._secret = secret
        self._account: Any = None
        public = self._private.public_key.format(compressed=False)
        self.address = Address.from_raw(keccak(public[1:])[-20:])

    @classmethod
    def generate(cls) -> Key:
        """A fresh random key."""
        return cls(secrets.token_bytes(32))

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign 32 bytes: r ‖ s ‖ v, s in the lower half, v 27 or 28. Deterministic (RFC 6979).

        Raises:
            WrongUse: not 32 bytes.
        """
        if len(digest) != 32:
            raise WrongUse("only a 32-byte digest can be signed")
        signature = self._private.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([27 + signature[64]])

    def sign_transaction(self, fields: Mapping[str, object]) -> bytes:
        """The signed bytes of a transaction, ready for ``eth_sendRawTransaction``.

        Args:
            fields: as JSON-RPC names them: type, chainId, nonce, to, value, data, gas,
                maxFeePerGas, maxPriorityFeePerGas.
        """
        if self._account is None:
            from eth_account import Account

            self._account = Account.from_key(self._secret)
        return bytes(self._account.sign_transaction(dict(fields)).raw_transaction)

    def __repr__(self) -> str:
        return f"Key({self.address})"


def password_source(
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
    prompt: Callable[[], str] | None = None,
) -> Callable[[], str]:
    """Where the password comes from, asked at the first unlock and only once.

    ``MEDICI_PASSWORD``, then the file that ``MEDICI_PASSWORD_FILE`` names, then ``file`` if it is
    there, then the prompt.
    """
    known: list[str] = []

    def password() -> str:
        if not known:
            named = environ.get("MEDICI_PASSWORD_FILE")
            if "MEDICI_PASSWORD" in environ:
                known.append(environ["MEDICI_PASSWORD"])
            elif named or (file is not None and file.exists()):
                path = Path(named) if named else file
                assert path is not None
                try:
                    known.append(path.read_text("utf-8").rstrip("\r\n"))
                except (OSError, UnicodeDecodeError) as error:
                    raise WrongPassword(f"the password file cannot be read: {error}") from error
            elif prompt is not None:
                known.append(prompt())
            else:
                raise WrongPassword(
                    "no password for the key store", "set MEDICI_PASSWORD or MEDICI_PASSWORD_FILE"
                )
        return known[0]

    return password


def make_password_file(path: Path) -> None:
    """A random password, readable by the owner alone; kept when there is one already."""
    _write_once(path, secrets.token_urlsafe(24).encode() + b"\n")


def _write_once(path: Path, data: bytes) -> bool:
    """Make the file whole, or leave the one that is there; true when it is ours."""
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    atomic_write(fresh, data, mode=0o600)
    try:
        path.hardlink_to(fresh)  # fails when another process was first
    except FileExistsError:
        return False
    else:
        return True
    finally:
        fresh.unlink()


class Keyring:
    """The keys of one firm.

    Args:
        folder: holds ``<role>.json``; made when the first key is, for the owner alone.
        password: asked at the first unlock.
        cost: how dear one guess at the password is; ``standard`` where real money is at stake.
    """

    def __init__(
        self,
        folder: Path,
        password: Callable[[], str],
        *,
        cost: Literal["light", "standard"] = "light",
    ) -> None:
        self.folder = folder
        self.cost = cost
        self._password = password
        self._unlocked: dict[str, Key] = {}

    def roles(self) -> list[str]:
        """The roles that have a key here, sorted."""
        return sorted(p.stem for p in self.folder.glob("*.json") if _NAME.fullmatch(p.stem))

    def address(self, role: str) -> Address:
        """The account of a role, without unlocking.

        Raises:
            NoKey: the role has no key here.
        """
        if role in self._unlocked:
            return self._unlocked[role].address
        return Address("0x" + str(self._read(role)["address"]).removeprefix("0x"))

    def create(self, role: str, key: Key | None = None) -> Address:
        """Make (or take in) the key of a role.

        Raises:
            WrongUse: the role has one already, or its name is not plain.
            WrongPassword: no password is given.
        """
        path = self.path(role)
        if path.exists():
            raise WrongUse(f"role {role!r} has a key already", f"it is in {path}")
        from eth_account import Account

        key = key or Key.generate()
        stored = Account.encrypt(
            key._secret, self._password(), kdf="scrypt", iterations=_COSTS[self.cost]
        )
        if not _write_once(path, json.dumps(stored).encode()):
            raise WrongUse(f"role {role!r} has a key already", f"it is in {path}")
        self._unlocked[role] = key
        return key.address

    def ensure(self, role: str) -> Address:
        """The account of a role, its key made now if it has none."""
        if not self.path(role).exists():
            with contextlib.suppress(WrongUse):  # another process was first: its key counts
                return self.create(role)
        return self.address(role)

    def unlock(self, role: str) -> Key:
        """The key of a role; kept open in this process.

        Raises:
            NoKey: the role has no key here.
            WrongPassword: the password does not open it.
            UnreadableFile: the file is damaged.
        """
        if role not in self._unlocked:
            stored = self._read(role)
            from eth_account import Account

            try:
                secret = bytes(Account.decrypt(stored, self._password()))
            except ValueError as error:
                if "MAC" not in str(error):
                    raise UnreadableFile(f"key file {self.path(role)}: {error}") from error
                raise WrongPassword(
                    f"the password does not open the key of {role!r}",
                    "set MEDICI_PASSWORD to the password the keys were made with",
                ) from None
            except (KeyError, TypeError) as error:
                raise UnreadableFile(f"key file {self.path(role)} is damaged: {error}") from error
            self._unlocked[role] = Key(secret)
        return self._unlocked[role]

    def simulated(self, count: int) -> list[Key]:
        """Keys of simulated collectors, the same every time, all from one stored secret."""
        self.ensure(SIMULATED)
        secret = self.unlock(SIMULATED)._secret
        return [
            Key(hmac.digest(secret, f"medici/simulated/{number}".encode(), hashlib.sha256))
            for number in range(count)
        ]

    def path(self, role: str) -> Path:
        """The file that holds, or would hold, the key of a role."""
        if not _NAME.fullmatch(role):
            raise WrongUse(f"not a role: {role!r}", "small letters, digits and hyphens")
        return self.folder / f"{role}.json"

    def _read(self, role: str) -> dict[str, Any]:
        path = self.path(role)
        try:
            stored = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise NoKey(f"no key for {role!r} in {self.folder}", "medici init makes them") from None
        except ValueError as error:
            raise UnreadableFile(f"key file {path} is damaged: {error}") from error
        if not isinstance(stored, dict) or not isinstance(stored.get("address"), str):
            raise UnreadableFile(f"key file {path} is no key store")
        return stored
