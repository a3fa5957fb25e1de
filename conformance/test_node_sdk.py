"""The Node Business SDK against the server; the cases themselves are in `node_sdk/`.

One Node process runs all of them, because loading the SDK takes longer than
any case. The names are listed here as well: a case that is missing from either
side fails, so no case can drop out unnoticed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from pagebell_process import App, Pagebell, loopback_environment
from settings_samples import (
    BLAMED_CLOSE_TIME,
    CALL_HOURS_WITH_ONE_MISTAKE,
    CLOSED_ALL_WEEK,
    EVERYTHING_CHANGED,
    NEVER_CONFIGURED,
)

pytestmark = pytest.mark.part("node-sdk")

FOLDER = Path(__file__).parent
FIRST_PAGE_ID = 3 * 10**17
TIMEOUT_SECONDS = 120

CASES = (
    "a page never configured has the defaults",
    "updating one field leaves the others alone",
    "updating all fields together",
    "the last update wins",
    "reading one field",
    "reading several fields",
    "an update with fields answers with what is now stored",
    "call hours are replaced whole",
    "call hours are cleared by null",
    "an update of nothing succeeds and changes nothing",
    "a proof given as a parameter is accepted",
    "a page token serves its page by id and as me",
    "a wrong value is blamed by its path and nothing is stored",
    "an unknown field is named",
    "an unknown page",
    "a page out of reach",
    "a token without the scope",
    "an expired token",
    "a revoked token",
    "a token nobody issued",
    "a wrong proof",
    "a missing proof that the app requires",
    "fifty operations of which one fails",
    "request objects with an empty list of fields",
    "clearing call hours in a batch",
    "a refused page fails alone",
    "fifty-one operations are refused as a whole",
    "a batch without a valid token is refused as a whole",
)


def with_proof(token: str, app: App) -> dict[str, str]:
    proof = hmac.new(app.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    return {"token": token, "proof": proof}


@pytest.fixture(scope="module")
def results(
    graph_server: Pagebell,
    strict_server: Pagebell,
    all_pages_token: str,
    single_page: tuple[str, str],
    optional_proof_app: App,
    optional_proof_token: str,
    required_proof_app: App,
    required_proof_token: str,
    token_without_messaging: str,
    expired_token: str,
    revoked_token: str,
) -> dict[str, str | None]:
    """Each case's name and, when it failed, the stack."""
    node = shutil.which("node")
    if node is None:
        pytest.fail("node is not installed", pytrace=False)
    if not (FOLDER / "node_modules").is_dir():
        pytest.fail("conformance/node_modules is missing: run `npm ci` in conformance/", pytrace=False)
    given = {
        "baseUrl": graph_server.base_url,
        "token": graph_server.token,
        "firstPageId": str(FIRST_PAGE_ID),
        "strict": {"baseUrl": strict_server.base_url, "token": all_pages_token},
        "singlePage": {"pageId": single_page[0], "token": single_page[1]},
        "proofs": {
            "optional": with_proof(optional_proof_token, optional_proof_app),
            "required": with_proof(required_proof_token, required_proof_app),
        },
        "tokenWithoutMessaging": token_without_messaging,
        "expiredToken": expired_token,
        "revokedToken": revoked_token,
        "samples": {
            "neverConfigured": NEVER_CONFIGURED,
            "everythingChanged": EVERYTHING_CHANGED,
            "closedAllWeek": CLOSED_ALL_WEEK,
            "callHoursWithOneMistake": CALL_HOURS_WITH_ONE_MISTAKE,
            "blamedCloseTime": BLAMED_CLOSE_TIME,
        },
    }
    completed = subprocess.run(
        [node, str(FOLDER / "node_sdk" / "run_cases.mjs")],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        env=loopback_environment(),
        check=False,
    )
    assert completed.returncode == 0, f"node ended with {completed.returncode}:\n{completed.stderr}"
    # The SDK itself prints to stdout now and then; only whole JSON lines are results.
    lines = [json.loads(line) for line in completed.stdout.splitlines() if line.startswith('{"name":')]
    return {line["name"]: line["failure"] for line in lines}


def test_node_ran_exactly_the_listed_cases(results: dict[str, str | None]) -> None:
    assert tuple(results) == CASES


@pytest.mark.parametrize("name", CASES)
def test_node_sdk(results: dict[str, str | None], name: str) -> None:
    assert name in results, "the case did not run"
    if results[name] is not None:
        pytest.fail(results[name], pytrace=False)
