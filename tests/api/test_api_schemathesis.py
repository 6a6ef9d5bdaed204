"""The API document and the API agree, whatever is sent: generated requests over a real socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from quart import Quart
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.mywifi.routes import BLUEPRINTS
from api.openapi import document
from core.settings import load
from tests.api.live import serving
from tests.api.support import SECRET

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 15
#: Spending the token these need would leave the others without one.
TOKEN_SPENDERS = {"log_out", "refresh"}


def _operations() -> dict[str, Any]:
    app = Quart(__name__)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    schema = schemathesis.openapi.from_dict(document(app))
    found: list[Any] = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    primary = [operation for operation in found if "x-alternate" not in operation.definition.raw]
    return {operation.definition.raw["operationId"]: operation for operation in primary}


OPERATIONS = _operations()
#: Nothing can be wrong where nothing is read.
SCENARIOS = [
    *((name, GenerationMode.POSITIVE) for name in OPERATIONS),
    *((name, GenerationMode.NEGATIVE) for name, each in OPERATIONS.items() if each.body or each.query),
]


@pytest.fixture(scope="module")
def base_url(demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("schemathesis")
    for piece in demo_template.parent.iterdir():
        (folder / piece.name).write_bytes(piece.read_bytes())
    found = load(
        {
            "LOKET_SECRET_KEY": SECRET,
            "LOKET_DATABASE_URL": f"sqlite+aiosqlite:///{folder / demo_template.name}",
            "LOKET_THROTTLE": "off",
        }
    )
    with serving(found) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def new_token(base_url: str) -> Callable[[], str]:
    def log_in() -> str:
        john = {"identifier": "ISP00123", "password": "rahasia123"}
        return str(httpx.post(f"{base_url}/api/auth/login", json=john).json()["token"])

    return log_in


@pytest.fixture(scope="module")
def token(new_token: Callable[[], str]) -> str:
    return new_token()


@pytest.mark.parametrize(("name", "mode"), SCENARIOS)
def test_every_answer_is_one_the_document_promises(
    name: str, mode: GenerationMode, base_url: str, token: str, new_token: Callable[[], str]
) -> None:
    @given(case=OPERATIONS[name].as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    def answers_as_promised(case: Any) -> None:
        shown = new_token() if name in TOKEN_SPENDERS else token
        headers = {"Authorization": f"Bearer {shown}", "X-MYWIFI-KEY": "demo-partner-key"}
        response = case.call(base_url=base_url, headers=headers)
        if response.status_code == 503:
            assert "Router tidak bisa dihubungi." in response.text, "the one thing that may be away here"
            return
        case.validate_response(response, checks=CHECKS)

    answers_as_promised()
