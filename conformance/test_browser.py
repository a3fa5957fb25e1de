"""The pages of the server in a real browser; the tests themselves are in `browser/`.

Node's own test runner runs each file against a server of its own. A file that ends without having
run any test would pass there, so the number of tests is held here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest
import requests

from pagebell_process import Pagebell, loopback_environment

pytestmark = pytest.mark.part("browser")

FOLDER = Path(__file__).parent / "browser"
FEWEST_TESTS = {"reference": 10, "console": 21, "console-sessions": 6, "console-form": 8}
BAKERY = "4711"
OTHER_BAKERY = "4712"
MORE_PAGES = range(2_000_000_001, 2_000_000_061)
TIMEOUT_SECONDS = 240


def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "there is no Chromium: run cargo xtask setup"
    return found


def test_every_file_of_tests_is_run() -> None:
    files = {path.name.removesuffix(".test.mjs") for path in FOLDER.glob("*.test.mjs")}
    assert files == FEWEST_TESTS.keys()


@pytest.mark.parametrize("name", FEWEST_TESTS)
def test_pages_in_a_browser(name: str, start_pagebell: Callable[..., Pagebell]) -> None:
    server = start_pagebell(max_entries_per_day=3)
    server.administer("page", "add", BAKERY, "--name", "Bakery")
    server.administer("page", "add", OTHER_BAKERY, "--name", "Bakery Müller")
    token_of_one_page = server.create_visible_token(pages=[BAKERY])
    strict = server.add_app("Strict", require_proof=True)
    strict_token = server.create_token(app=strict)
    for page_id in MORE_PAGES:
        # A Page is added on its first use.
        answer = requests.get(
            f"{server.base_url}/v26.0/{page_id}/messenger_call_settings",
            headers={"Authorization": f"Bearer {server.token}"},
            timeout=10,
        )
        assert answer.status_code == 200
    completed = subprocess.run(
        ["node", "--test", "--test-reporter=tap", f"{name}.test.mjs"],
        capture_output=True,
        text=True,
        cwd=FOLDER,
        env=loopback_environment()
        | {
            "PAGEBELL_BINARY": str(server.binary),
            "PAGEBELL_URL": server.base_url,
            "PAGEBELL_TOKEN": server.token,
            "PAGEBELL_ONE_PAGE_TOKEN": token_of_one_page,
            "PAGEBELL_STRICT_TOKEN": strict_token,
            "CHROMIUM": chromium(),
            "PYTHON": sys.executable,
            "NO_PROXY": "127.0.0.1",
        },
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    counted = {word: int(number) for word, number in re.findall(r"^# (pass|fail|skipped|todo) (\d+)$", completed.stdout, re.M)}
    if completed.returncode != 0 or counted.get("pass", 0) < FEWEST_TESTS[name] or counted.get("skipped") != 0:
        pytest.fail(completed.stdout[-8000:] + completed.stderr[-2000:], pytrace=False)
