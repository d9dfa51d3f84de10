"""Rounds as a durable workflow: a process killed at any instant resumes where it was.

DBOS keeps which steps are over, with what they gave, in the firm's folder; the steps themselves are
idempotent, so the one that was cut off is run again and doubles nothing. A run that fails (the
chain is gone, the disk is full, the password is wrong) is left unfinished rather than failed: the
same command goes on from the failing step when the cause is mended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dbos import DBOS, SetWorkflowID

from medici.agents import rounds
from medici.errors import StateFromOtherVersion
from medici.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from medici.firm.house import Firm
    from medici.ledger.chain import Chain

APPLICATION_VERSION = "1"
"""Raised when recorded steps of an older version can no longer be continued."""
_UNFINISHED = ("PENDING", "ENQUEUED", "DELAYED")

JSON = dict[str, Any]


class Outage(BaseException):
    """Carries an error out of a workflow without ending it: DBOS records no outcome for it."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class _Desk:
    """What the running process works with; workflows themselves carry only plain data."""

    firm: Firm
    chain: Chain
    watch: Callable[[int, str], None]


_desk = _Desk()


def _step(name: str, work: Callable[[Firm, Chain], Any], number: int) -> Any:
    """Run one step, unless it is recorded as done."""

    def attempt() -> Any:
        _desk.watch(number, name)
        logger("agents").info("step", round=number, step=name)
        try:
            return work(_desk.firm, _desk.chain)
        except Exception as error:
            raise Outage(error) from error

    return DBOS.run_step({"name": name}, attempt)


@DBOS.workflow(name="round", max_recovery_attempts=None)
def round_workflow(number: int, seed: int) -> JSON:
    """One round, from candidates to dividends."""
    made = _step("make", lambda f, c: rounds.make(f, number, seed), number)
    ids = _step("certify", lambda f, c: rounds.certify(f, c, number, made["works"]), number)
    anchored = _step("anchor", lambda f, c: rounds.anchor(f, c, ids), number)
    lots = _step("open", lambda f, c: rounds.open_lots(f, c, number, ids), number)
    resales = _step("choose", lambda f, c: rounds.plan_resales(f, c, number, seed), number)
    lots = lots + _step("offer", lambda f, c: rounds.open_resales(f, c, number, resales), number)
    plan = _step("plan", lambda f, c: rounds.plan_bids(f, c, number, seed, lots), number)
    bids = _step("bid", lambda f, c: rounds.place_bids(f, c, number, plan), number)
    sales = _step("settle", lambda f, c: rounds.settle(f, c, number, lots), number)
    paid = _step("pay", lambda f, c: rounds.pay(f, c, number), number)
    done = {"anchor": anchored, "bids": bids, "sales": sales, "paid": paid}
    return rounds.report(number, _desk.firm, made, ids, done)


STEPS = ("make", "certify", "anchor", "open", "choose", "offer", "plan", "bid", "settle", "pay")
"""The names of a round's steps, in order."""


@DBOS.workflow(name="run", max_recovery_attempts=None)
def run_workflow(first: int, count: int, seed: int) -> list[JSON]:
    """Several rounds, one after the other."""
    reports = []
    for number in range(first, first + count):
        with SetWorkflowID(f"round-{number}"):
            reports.append(round_workflow(number, seed))
    return reports


def run(
    firm: Firm,
    chain: Chain,
    count: int,
    seed: int,
    watch: Callable[[int, str], None] = lambda number, step: None,
) -> tuple[list[JSON], bool]:
    """Run rounds; or, if an earlier run was cut off, finish that one instead.

    Args:
        firm: whose rounds.
        chain: where its contracts stand.
        count: how many rounds, for a new run.
        seed: of a new run.
        watch: told the round and the step as each begins, for progress bars.

    Returns:
        the rounds' reports, and whether an earlier run was finished.
    """
    _desk.firm, _desk.chain, _desk.watch = firm, chain, watch
    _open(firm.settings.state / "rounds.sqlite")
    try:
        runs = DBOS.list_workflows(workflow_id_prefix="run-")
        cut_off = [each for each in runs if each.status in _UNFINISHED]
        if cut_off:
            handle: Any = DBOS.retrieve_workflow(cut_off[0].workflow_id)
        else:
            first = 1 + len(_numbers())
            with SetWorkflowID(f"run-{len(runs) + 1}"):
                handle = DBOS.start_workflow(run_workflow, first, count, seed)
        return handle.get_result(), bool(cut_off)
    except Outage as outage:
        raise outage.cause from None
    finally:
        DBOS.destroy(workflow_completion_timeout_sec=0)


def _numbers() -> list[str]:
    return [w.workflow_id for w in DBOS.list_workflows(workflow_id_prefix="round-")]


def _open(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    DBOS(
        config={
            "name": "medici",
            "system_database_url": f"sqlite:///{path}",
            "application_version": APPLICATION_VERSION,
            "executor_id": "local",
            "log_level": "CRITICAL",
            "console_log_level": "CRITICAL",
        }
    )
    DBOS.launch()
    others = [
        w.workflow_id
        for w in DBOS.list_workflows(workflow_id_prefix="run-")
        if w.status in _UNFINISHED and w.app_version != APPLICATION_VERSION
    ]
    if others:
        DBOS.destroy(workflow_completion_timeout_sec=0)
        raise StateFromOtherVersion(
            f"run {others[0]} was begun by another version of Medici",
            "finish it with the version that began it",
        )
