"""The write-ahead log of transactions: what was signed, under which key, and what became of it.

One SQLite file a firm. A nonce is taken and the signed bytes are kept in one atomic step, so a
process killed at any instant leaves neither a gap nor a transaction that nobody remembers.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from medici.errors import KeyReused, StateFromOtherVersion, UnreadableFile
from medici.records import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from medici.ledger.calls import Call

VERSION = 1
_TABLES = """
CREATE TABLE intents (
    id INTEGER PRIMARY KEY,
    chain_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    account TEXT NOT NULL,
    nonce INTEGER NOT NULL,
    target TEXT,
    data BLOB NOT NULL,
    value TEXT NOT NULL,
    gas INTEGER NOT NULL,
    label TEXT NOT NULL,
    created REAL NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'mined', 'void')),
    block INTEGER,
    block_index INTEGER,
    block_time INTEGER,
    receipt TEXT,
    refusal TEXT,
    UNIQUE (chain_id, key)
) STRICT;
CREATE INDEX intents_by_account ON intents (chain_id, account, status, nonce);
CREATE TABLE attempts (
    hash TEXT PRIMARY KEY,
    intent INTEGER NOT NULL REFERENCES intents (id),
    nonce INTEGER NOT NULL,
    raw BLOB NOT NULL,
    max_fee TEXT NOT NULL,
    tip TEXT NOT NULL,
    created REAL NOT NULL
) STRICT;
CREATE INDEX attempts_by_intent ON attempts (intent);
"""
Status = Literal["pending", "mined", "void"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed form of a transaction; a replacement adds another.

    Attributes:
        hash: ``0x…``.
        raw: the bytes to broadcast.
        max_fee: wei a unit of gas, at most.
        tip: of it, for the block's builder, at most.
        created: Unix seconds.
    """

    hash: str
    nonce: int
    raw: bytes
    max_fee: int
    tip: int
    created: float


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing the firm wants done on the chain, exactly once.

    Attributes:
        key: its idempotency key.
        status: ``pending`` (signed, perhaps sent), ``mined``, or ``void`` (the node refused it
            before it entered any block; its nonce is free again).
        receipt: what the chain answered, as JSON-RPC spells it.
        refusal: why the chain reverted it, as an error's JSON.
    """

    id: int
    key: str
    account: Address
    nonce: int
    to: Address | None
    data: bytes
    value: int
    gas: int
    label: str
    status: Status
    block_time: int | None
    receipt: dict[str, Any] | None
    refusal: dict[str, Any] | None


class Journal:
    """The journal file. Safe for many threads and many processes.

    Args:
        path: made when missing.
        clock: Unix seconds.

    Raises:
        StateFromOtherVersion: another version wrote it; it is left as it is.
        UnreadableFile: it is no journal.
    """

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._clock = clock
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        try:
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, VERSION):
                raise StateFromOtherVersion(
                    f"{path} has version {version}, this program reads {VERSION}",
                    "use the version of Medici that wrote it",
                )
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")  # the log must outlive a power cut
            if version == 0:
                with self.exclusive():
                    if self._db.execute("PRAGMA user_version").fetchone()[0] == 0:
                        for statement in _TABLES.split(";\n"):
                            self._db.execute(statement)
                        self._db.execute(f"PRAGMA user_version = {VERSION}")
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise UnreadableFile(f"{path} is not a journal: {error}") from error
        except StateFromOtherVersion:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """One atomic step that no other thread or process can come between."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def find(self, chain_id: int, key: str) -> Intent | None:
        """What was journaled under this key."""
        rows = self._rows("SELECT * FROM intents WHERE chain_id = ? AND key = ?", chain_id, key)
        return _intent(rows[0]) if rows else None

    def open(
        self,
        chain_id: int,
        key: str,
        account: Address,
        call: Call,
        gas: int,
        chain_nonce: int,
        sign: Callable[[int], Attempt],
    ) -> Intent:
        """Take the next nonce, sign with it and keep the bytes, all or nothing.

        Called again with the same key it returns what is there; only a void intent gets a fresh
        nonce and signature.

        Args:
            chain_id: EIP-155 id.
            key: idempotency key.
            account: who sends.
            call: what is to be done.
            gas: limit, in units.
            chain_nonce: the account's next nonce as the chain counts.
            sign: makes the attempt for a nonce.

        Raises:
            KeyReused: the key stands for another call.
        """
        with self.exclusive():
            known = self.find(chain_id, key)
            if known is not None:
                check_same(known, account, call)
                if known.status != "void":
                    return known
            nonce = max(chain_nonce, self._next_nonce(chain_id, account))
            attempt = sign(nonce)
            if known is not None:
                number = known.id
                self._db.execute(
                    "UPDATE intents SET status = 'pending', nonce = ?, gas = ? WHERE id = ?",
                    (nonce, gas, number),
                )
            else:
                row = self._db.execute(
                    "INSERT INTO intents (chain_id, key, account, nonce, target, data, value,"
                    " gas, label, created, status) VALUES (?,?,?,?,?,?,?,?,?,?,'pending')",
                    (
                        chain_id, key, account, nonce, call.to, call.data, str(call.value), gas,
                        call.label, self._clock(),
                    ),
                )  # fmt: skip
                number = row.lastrowid or 0
            self._add(number, attempt)
            found = self.find(chain_id, key)
            assert found is not None
            return found

    def resign(self, intent: Intent, chain_nonce: int, sign: Callable[[int], Attempt]) -> Intent:
        """Give an intent a fresh nonce, since a foreign transaction used up its own."""
        with self.exclusive():
            (row,) = self._rows("SELECT * FROM intents WHERE id = ?", intent.id)
            current = _intent(row)
            if current.nonce != intent.nonce or current.status != "pending":
                return current  # another process was first
            (chain_id,) = (row["chain_id"],)
            nonce = max(chain_nonce, self._next_nonce(chain_id, intent.account))
            self._db.execute("UPDATE intents SET nonce = ? WHERE id = ?", (nonce, intent.id))
            self._add(intent.id, sign(nonce))
            return _intent(self._rows("SELECT * FROM intents WHERE id = ?", intent.id)[0])

    def add_attempt(self, intent: Intent, attempt: Attempt) -> None:
        """Keep a replacement before it is broadcast."""
        with self.exclusive():
            self._add(intent.id, attempt)

    def attempts(self, intent: Intent) -> list[Attempt]:
        """All signed forms of an intent, oldest first."""
        rows = self._rows("SELECT * FROM attempts WHERE intent = ? ORDER BY rowid", intent.id)
        return [
            Attempt(
                row["hash"], row["nonce"], row["raw"], int(row["max_fee"]), int(row["tip"]),
                row["created"],
            )
            for row in rows
        ]  # fmt: skip

    def record(
        self, intent: Intent, receipt: dict[str, Any], time: int, refusal: dict[str, Any] | None
    ) -> None:
        """Keep what the chain answered."""
        with self._lock:
            # What the chain knows can be asked again, so this step alone need not reach the disk.
            self._db.execute("PRAGMA synchronous = NORMAL")
            try:
                self._db.execute(
                    "UPDATE intents SET status = 'mined', block = ?, block_index = ?,"
                    " block_time = ?, receipt = ?, refusal = ? WHERE id = ?",
                    (
                        int(receipt["blockNumber"], 16),
                        int(receipt["transactionIndex"], 16),
                        time,
                        json.dumps(receipt),
                        json.dumps(refusal) if refusal else None,
                        intent.id,
                    ),
                )
            finally:
                self._db.execute("PRAGMA synchronous = FULL")

    def reopen(self, intent: Intent) -> None:
        """The chain forgot a transaction that was mined: it is pending again."""
        with self.exclusive():
            self._db.execute("UPDATE intents SET status = 'pending' WHERE id = ?", (intent.id,))

    def void(self, intent: Intent) -> bool:
        """Free the nonce of an intent that the node refused; false when later ones build on it."""
        with self.exclusive():
            later = self._rows(
                "SELECT 1 FROM intents AS other JOIN intents AS mine ON mine.id = ?"
                " WHERE other.chain_id = mine.chain_id AND other.account = mine.account"
                " AND other.status != 'void' AND other.nonce > mine.nonce LIMIT 1",
                intent.id,
            )
            if later:
                return False
            self._db.execute(
                "UPDATE intents SET status = 'void' WHERE id = ? AND status = 'pending'",
                (intent.id,),
            )
            return True

    def pending(self, chain_id: int, account: Address | None = None) -> list[Intent]:
        """Intents not known to be mined, in the order of their nonces."""
        rows = self._rows(
            "SELECT * FROM intents WHERE chain_id = ?1 AND status = 'pending'"
            " AND (?2 IS NULL OR account = ?2) ORDER BY account, nonce",
            chain_id, account,
        )  # fmt: skip
        return [_intent(row) for row in rows]

    def mined(self, chain_id: int) -> list[Intent]:
        """All that the chain has taken in, in the order it did."""
        rows = self._rows(
            "SELECT * FROM intents WHERE chain_id = ? AND status = 'mined'"
            " ORDER BY block, block_index",
            chain_id,
        )
        return [_intent(row) for row in rows]

    def mined_nonce(self, chain_id: int, account: Address) -> int:
        """The highest nonce of an account that is known to be mined; -1 when none is."""
        (row,) = self._rows(
            "SELECT COALESCE(MAX(nonce), -1) AS highest FROM intents"
            " WHERE chain_id = ? AND account = ? AND status = 'mined'",
            chain_id, account,
        )  # fmt: skip
        return int(row["highest"])

    def mined_nonces(self, chain_id: int) -> dict[Address, int]:
        """For each account the highest nonce that is known to be mined."""
        rows = self._rows(
            "SELECT account, MAX(nonce) AS nonce FROM intents"
            " WHERE chain_id = ? AND status = 'mined' GROUP BY account",
            chain_id,
        )
        return {Address(row["account"]): row["nonce"] for row in rows}

    def check(self) -> list[str]:
        """What is wrong with the file, in sentences; empty when all is well."""
        problems = [str(row[0]) for row in self._rows("PRAGMA quick_check") if str(row[0]) != "ok"]
        gaps = self._rows(
            "SELECT chain_id, account, MAX(nonce) - MIN(nonce) + 1 - COUNT(*) AS gap FROM intents"
            " WHERE status != 'void' GROUP BY chain_id, account HAVING gap < 0"
        )
        problems += [f"account {row['account']} used a nonce twice" for row in gaps]
        return problems

    def _add(self, number: int, attempt: Attempt) -> None:
        self._db.execute(
            "INSERT OR IGNORE INTO attempts VALUES (?,?,?,?,?,?,?)",
            (
                attempt.hash, number, attempt.nonce, attempt.raw, str(attempt.max_fee),
                str(attempt.tip), attempt.created,
            ),
        )  # fmt: skip

    def _next_nonce(self, chain_id: int, account: Address) -> int:
        (row,) = self._rows(
            "SELECT COALESCE(MAX(nonce) + 1, 0) AS next FROM intents"
            " WHERE chain_id = ? AND account = ? AND status != 'void'",
            chain_id, account,
        )  # fmt: skip
        return int(row["next"])

    def _rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()


def check_same(intent: Intent, account: Address, call: Call) -> None:
    """One key, one call.

    Raises:
        KeyReused: the key stands for another.
    """
    known = (intent.account, intent.to, intent.data, intent.value)
    if known != (account, call.to, call.data, call.value):
        raise KeyReused(
            f"the key {intent.key!r} already stands for another call ({intent.label})",
            "one key names one transaction for ever; choose another key",
        )


def _intent(row: sqlite3.Row) -> Intent:
    return Intent(
        id=row["id"],
        key=row["key"],
        account=Address(row["account"]),
        nonce=row["nonce"],
        to=Address(row["target"]) if row["target"] else None,
        data=row["data"],
        value=int(row["value"]),
        gas=row["gas"],
        label=row["label"],
        status=row["status"],
        block_time=row["block_time"],
        receipt=json.loads(row["receipt"]) if row["receipt"] else None,
        refusal=json.loads(row["refusal"]) if row["refusal"] else None,
    )
