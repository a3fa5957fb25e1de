"""schemathesis with every check on against the document that the server serves.

The run is judged by schemathesis's own JSON report, not by its exit code
alone: an empty run, a phase that did nothing or requests that were all refused
would otherwise pass for a success.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from pagebell_process import Pagebell, loopback_environment

pytestmark = pytest.mark.part("schemathesis")

FOLDER = Path(__file__).parent
DOCUMENT_PATH = "/reference/v26.0/openapi.json"
PUBLISHED_PATH = "/{page_id}/messenger_call_settings"
FEWEST_CASES = 2000
FEWEST_ACCEPTED_CASES = 400
FEWEST_ACCEPTED_SHARE = 0.95
# The operations of each profile's document: the published two, and in `graph` availability, history, the Page, its
# feature status,
# debug_token and batch.
OPERATIONS = {"graph": 8, "reference": 2}
PATHS = {"graph": 7, "reference": 1}
UNDECLARED_VERBS_OF_A_PATH = 6
TIMEOUT_SECONDS = 480
PHASES_THAT_MUST_RUN = ("examples", "coverage", "fuzzing")


@pytest.fixture(scope="module", params=["graph", "reference"])
def report(
    request: pytest.FixtureRequest,
    start_pagebell: Callable[..., Pagebell],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict:
    """schemathesis's report of one run, on a server that no other test uses."""
    server = start_pagebell(profile=request.param)
    directory = tmp_path_factory.mktemp("schemathesis")
    report_path = directory / "report.json"
    completed = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli",
            "--config-file", str(FOLDER / "schemathesis.toml"),
            "--no-color",
            "run", server.base_url + DOCUMENT_PATH,
            "--url", f"{server.base_url}/v26.0",
            "--checks", "all",
            "--report", "json",
            "--report-json-path", str(report_path),
        ],
        capture_output=True,
        text=True,
        cwd=directory,
        env=loopback_environment()
        | {
            "CONFORMANCE_TOKEN": server.token,
            "PYTHONPATH": os.fspath(FOLDER),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NO_PROXY": "127.0.0.1",
        },
        timeout=TIMEOUT_SECONDS,
        check=False,
    )  # fmt: skip
    if not report_path.is_file():
        pytest.fail(f"schemathesis wrote no report:\n{completed.stdout}\n{completed.stderr}", pytrace=False)
    return json.loads(report_path.read_text()) | {
        "printed": completed.stdout[-20_000:],
        "expected_operations": OPERATIONS[request.param],
        "expected_paths": PATHS[request.param],
    }


def test_no_failures_and_no_errors(report: dict) -> None:
    if report["failures"] or report["errors"] or report["exit_code"] != 0:
        pytest.fail(report["printed"], pytrace=False)


def test_the_run_is_complete_and_large_enough(report: dict) -> None:
    assert report["complete"] is True, report["stop_reason"]
    # Requests that no check looked at are probes which a check itself sent.
    checked = report["test_cases"]["generated"] - report["test_cases"]["without_checks"]
    assert checked >= FEWEST_CASES
    assert report["test_cases"]["errored"] == 0
    statuses = {name: report["phases"][name]["status"] for name in PHASES_THAT_MUST_RUN}
    assert statuses == dict.fromkeys(PHASES_THAT_MUST_RUN, "success")


def test_every_operation_and_no_other_was_tested(report: dict) -> None:
    expected = report["expected_operations"]
    assert (report["operations"]["total"], report["operations"]["tested"]) == (expected, expected)
    assert report["operations"]["skipped"] == report["operations"]["errored"] == 0


def test_valid_requests_were_really_accepted(report: dict) -> None:
    """Requests meant to be valid that are all refused would leave the positive checks without work.

    The published operations are held to a number and a share. debug_token and batch take nearly
    anything, so that few distinct requests to them are generated; some must have been accepted.
    """
    assert len(report["valid_rates"]) == report["expected_operations"]
    for operation, phases in report["valid_rates"].items():
        accepted = sum(outcomes["accepted"] for outcomes in phases.values())
        assert accepted > 0, f"{operation}: {phases}"
        if not operation.endswith(PUBLISHED_PATH):
            continue
        sent = sum(sum(outcomes.values()) for outcomes in phases.values())
        assert accepted >= FEWEST_ACCEPTED_CASES, f"{operation}: {phases}"
        assert accepted / sent >= FEWEST_ACCEPTED_SHARE, f"{operation}: {phases}"


def test_only_a_handful_of_refusals_was_read_in_the_graph_form(report: dict) -> None:
    """`graph_refusals` is for a few known answers; a larger number would mean that it hides something."""
    # The verbs of each path, and for each operation one request without credentials and one without
    # `Authorization`.
    verbs = UNDECLARED_VERBS_OF_A_PATH * report["expected_paths"]
    assert report["filtered"] <= verbs + 2 * report["expected_operations"]
