"""Schemathesis attacks the API by its own schema; it must find nothing."""

from pathlib import Path

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
ATTACKS = [
    (path, method, mode)
    for path, method in sorted(ROUTES)
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or path not in TAKES_NOTHING
]


@pytest.fixture(scope="session")
def schema(traded):
    config = schemathesis.Config.from_path(Path(__file__).parents[2] / "schemathesis.toml")
    return schemathesis.openapi.from_url(f"{traded[1]}/openapi.json", config=config)


def test_the_schema_names_every_route(visitor):
    paths = visitor.get("/openapi.json").json()["paths"]
    assert {(path, m.upper()) for path, methods in paths.items() for m in methods} == ROUTES


@pytest.mark.parametrize(("path", "method", "mode"), ATTACKS)
def test_the_api_keeps_its_word(schema, path, method, mode):
    operation = schema[path][method]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=8 if method == "POST" else 25,  # each file costs a process
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def attack(case):
        case.call_and_validate(timeout=30)

    attack()
