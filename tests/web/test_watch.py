import threading
import time

from medici.errors import NoNode
from medici.web.watch import Watch


def test_a_quick_reading_is_live_and_kept():
    taken = []
    watch = Watch(lambda: taken.append(1) or len(taken), fresh=60)
    assert [watch.now().value for _ in range(5)] == [1] * 5
    assert watch.now().state == "live"


def test_a_slow_reading_never_holds_a_page_for_long():
    go_on = threading.Event()
    watch = Watch(lambda: go_on.wait(20) and "read", fresh=60, patience=0.1)
    begun = time.monotonic()
    assert [watch.now().state for _ in range(5)] == ["reading"] * 5
    assert time.monotonic() - begun < 2  # the five share one patience
    go_on.set()
    deadline = time.monotonic() + 10
    while watch.now().state != "live":
        assert time.monotonic() < deadline
    assert watch.now().value == "read"


def test_readings_follow_the_chain_down_and_up():
    script = ["known", NoNode("gone"), "back"]

    def read():
        answer = script[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    watch = Watch(read, fresh=0)

    def seen():
        time.sleep(0.001)
        found = watch.now()
        return found.state, found.value, found.error and found.error.code

    assert seen() == ("live", "known", None)
    script.pop(0)
    assert seen() == ("stale", "known", "no-node")
    script.pop(0)
    assert seen() == ("live", "back", None)


def test_nothing_known_and_no_chain_is_down():
    def read():
        raise NoNode("gone")

    found = Watch(read).now()
    assert (found.state, found.value, found.error.code) == ("down", None, "no-node")


def test_an_unforeseen_failure_is_told_not_raised(capsys):
    found = Watch(lambda: 1 / 0).now()
    assert found.state == "down"
    assert "ZeroDivisionError" in found.error.message
