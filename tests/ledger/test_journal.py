from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from eth_hash.auto import keccak
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from medici.errors import StateFromOtherVersion, UnreadableFile
from medici.ledger.calls import Call
from medici.ledger.journal import Attempt, Journal
from medici.records import Address

ACCOUNTS = [Address("0x" + f"{n:040x}") for n in (1, 2)]
CHAIN = 31337
accounts = st.sampled_from(ACCOUNTS)


class JournalMachine(RuleBasedStateMachine):
    """Two handles of one journal file, as two processes hold them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "journal.sqlite"
        self.handles = [Journal(path, time.time) for _ in range(2)]
        self.keys = 0
        self.chain: dict[Address, int] = dict.fromkeys(ACCOUNTS, 0)  # next nonce there

    def teardown(self) -> None:
        for handle in self.handles:
            handle.close()
        self.folder.cleanup()

    def sign(self, account: Address, key: str) -> Any:
        def signed(nonce: int) -> Attempt:
            raw = f"{account}/{nonce}/{key}".encode()
            return Attempt("0x" + keccak(raw).hex(), nonce, raw, 2, 1, 0.0)

        return signed

    @rule(which=st.integers(0, 1), account=accounts)
    def begin(self, which: int, account: Address) -> None:
        key = f"key/{self.keys}"
        self.keys += 1
        call = Call(None, key.encode())
        sign = self.sign(account, key)
        known = self.chain[account]
        first = self.handles[which].open(CHAIN, key, account, call, 1, known, sign)
        again = self.handles[1 - which].open(CHAIN, key, account, call, 1, known, sign)
        assert first == again
        assert len(self.handles[0].attempts(first)) == 1

    @rule(account=accounts)
    def refuse_last(self, account: Address) -> None:
        pending = self.handles[0].pending(CHAIN, account)
        if pending:
            assert len(pending) == 1 or not self.handles[1].void(pending[0])
            assert self.handles[1].void(pending[-1])

    @rule(account=accounts)
    def mine_next(self, account: Address) -> None:
        for intent in self.handles[0].pending(CHAIN, account)[:1]:
            receipt = {"blockNumber": hex(self.chain[account]), "transactionIndex": "0x0"}
            self.handles[1].record(intent, receipt, 7, None)
            self.chain[account] = intent.nonce + 1

    @invariant()
    def nonces_are_used_once_and_without_a_gap(self) -> None:
        for account in ACCOUNTS:
            used = [i.nonce for i in self.handles[1].mined(CHAIN) if i.account == account]
            used += [i.nonce for i in self.handles[0].pending(CHAIN, account)]
            assert sorted(used) == list(range(len(used)))
        assert self.handles[0].check() == []


JournalMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestJournal = JournalMachine.TestCase


def test_a_journal_of_another_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 9")
    db.close()
    before = path.read_bytes()
    with pytest.raises(StateFromOtherVersion, match="version 9"):
        Journal(path, time.time)
    assert path.read_bytes() == before


def test_what_is_no_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"certainly no database" * 100)
    with pytest.raises(UnreadableFile):
        Journal(path, time.time)


def test_another_chain_has_keys_and_nonces_of_its_own(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.sqlite", time.time) as journal:
        for chain in (1, 2):
            raw = bytes([chain])
            attempt = Attempt("0x" + keccak(raw).hex(), 0, raw, 1, 1, 0.0)
            opened = journal.open(
                chain,
                "key",
                ACCOUNTS[0],
                Call(None, raw),
                1,
                0,
                lambda _, a=attempt: a,  # type: ignore[misc]
            )
            assert opened.nonce == 0
        assert journal.find(3, "key") is None
