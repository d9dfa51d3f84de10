import pytest


@pytest.fixture
def entry(firm):
    return next(e for e in firm.catalogue if e.stage == "anchored")


def test_the_firm(visitor):
    said = visitor.get("/api/v1/firm").json()
    assert said["name"] == "Casa Test"
    assert said["works"] == {"total": 7, "certified": 6, "anchored": 5, "minted": 0}
    assert said["rounds"] == [1, 2, 3]
    assert said["chain"]["state"] == "down"
    assert said["chain"]["simulated"] is True


def test_works_come_in_pages_newest_round_first(visitor, firm):
    whole = visitor.get("/api/v1/works").json()
    assert whole["total"] == 7
    assert [w["round"] for w in whole["works"]] == [3, 2, 2, 1, 1, 1, 1]
    parts = [
        w["id"]
        for offset in range(0, 8, 3)
        for w in visitor.get(f"/api/v1/works?offset={offset}&limit=3").json()["works"]
    ]
    assert parts == [w["id"] for w in whole["works"]]
    assert visitor.get("/api/v1/works?round=2").json()["total"] == 2


def test_a_work(visitor, entry):
    said = visitor.get(f"/api/v1/works/{entry.id}").json()
    assert said["id"] == entry.id
    assert said["seed"] == entry.record.seed
    assert said["record_sha256"] == entry.record.digest
    assert said["anchor"]["proof"] == list(entry.proof[1])
    assert said["token_id"] == str(entry.id.token_id)
    assert said["sales"] == []


def test_rounds(visitor, firm):
    said = visitor.get("/api/v1/rounds").json()["rounds"]
    assert [(r["round"], len(r["works"])) for r in said] == [(1, 4), (2, 2), (3, 1)]


def test_without_a_chain_there_are_no_books_and_it_says_why(visitor):
    said = visitor.get("/api/v1/books").json()
    assert said["books"] is None
    assert said["chain"]["state"] == "down"
    assert said["chain"]["reason"] == "the local chain is not running"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/works/" + "0" * 64, 404, "not-found"),
        ("GET", "/api/v1/works/seven", 422, "wrong-use"),
        ("GET", "/api/v1/works?limit=0", 422, "wrong-use"),
        ("GET", "/api/v1/nothing", 404, "not-found"),
        ("DELETE", "/api/v1/firm", 405, "method-not-allowed"),
        ("POST", "/api/v1/verify", 422, "wrong-use"),
    ],
)
def test_errors_have_one_form(visitor, method, path, status, code):
    answer = visitor.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message", "hint"}
    assert answer.json()["error"]["code"] == code
