"""Schemathesis attacks the API by its own schema; it must find nothing."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

ROUTES = {
    ("/api/v1/books", "GET"),
    ("/api/v1/firm", "GET"),
    ("/api/v1/rounds", "GET"),
    ("/api/v1/verify", "POST"),
    ("/api/v1/works", "GET"),
    ("/api/v1/works/{id}", "GET"),
}
TAKES_NOTHING = {"/api/v1/books", "/api/v1/firm", "/api/v1/rounds"}


@pytest.fixture(scope="session")
def schema(address):
    return schemathesis.openapi.from_url(f"{address}/openapi.json")


def test_the_schema_names_every_route(visitor):
    paths = visitor.get("/openapi.json").json()["paths"]
    assert {(path, m.upper()) for path, methods in paths.items() for m in methods} == ROUTES


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("path", "method"), sorted(ROUTES))
def test_the_api_keeps_its_word(schema, path, method, mode):
    operation = schema[path][method]
    if mode is GenerationMode.NEGATIVE and path in (
        "/api/v1/books",
        "/api/v1/firm",
        "/api/v1/rounds",
    ):
        pytest.skip("takes nothing that could be wrong")

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=20,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def attack(case):
        case.call_and_validate(timeout=30)

    attack()
