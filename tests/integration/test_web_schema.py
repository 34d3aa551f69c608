"""The API is what its description says: requests made up by schemathesis are answered as described."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from report_study_folder import make_study_folder
from schemathesis.specs.openapi.checks import positive_data_acceptance

from explorer import shared_dataset
from ofsight.web.app import create_app

EACH = 3
"""Requests made up for each endpoint, of those that are meant and of those that are not."""

POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
UNSAYABLE = [positive_data_acceptance]
"""That a cursor belongs to a question, or a column to a table, no schema says: such requests are refused."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    study = make_study_folder(tmp_path_factory.mktemp("study"))
    app = create_app(shared_dataset(tmp_path_factory), study)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def schema(base: str) -> Any:
    schema = schemathesis.openapi.from_url(f"{base}/api/v1/openapi.json")
    refusals = schema.config.checks.negative_data_rejection
    refusals.expected_statuses = ["404", "405", "414", "422"]
    return schema


def test_made_up_requests_are_answered_as_described(schema: Any, base: str) -> None:
    n = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in (POSITIVE, NEGATIVE):

            @settings(
                max_examples=EACH,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(operation.as_strategy(generation_mode=mode))
            def check(case: Any) -> None:
                nonlocal n
                n += 1
                case.call_and_validate(base_url=base, excluded_checks=UNSAYABLE)

            # What takes no parameter cannot be asked wrongly.
            with suppress(Unsatisfiable) if mode is NEGATIVE else nullcontext():
                check()
    assert n > 100
