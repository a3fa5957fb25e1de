"""The tour of the project's README, run as it is written.

Only the address and the token are put in; what each snippet prints must be
what the README shows below it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from pagebell_process import Pagebell, loopback_environment

pytestmark = pytest.mark.part("readme")

FOLDER = Path(__file__).parent
README = FOLDER.parent / "README.md"
ADDRESS = "http://127.0.0.1:8484"
FENCE = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
RUNNERS = {
    "sh": ["bash", "-euo", "pipefail", "-c"],
    "python": [sys.executable, "-c"],
    "js": ["node", "-e"],
}
FEWEST_SNIPPETS = 6
TIMEOUT_SECONDS = 60


def snippets() -> list[tuple[str, str, str, str]]:
    """The snippets that are followed by what they print: language, code, language of the output, output."""
    tour = README.read_text().split("## A first tour")[1].split("\n## ")[0]
    blocks = FENCE.findall(tour)
    return [
        (*block, *shown)
        for block, shown in zip(blocks, blocks[1:])
        if block[0] in RUNNERS and shown[0] in ("json", "text")
    ]


def comparable(printed: str) -> Any:
    """JSON without what differs from run to run; other text as it is."""
    try:
        value = json.loads(printed)
    except ValueError:
        return printed.strip()
    if isinstance(value, dict) and isinstance(value.get("error"), dict):
        value["error"].pop("fbtrace_id")
    return value


def test_the_tour_does_what_the_readme_says(start_pagebell: Callable[..., Pagebell]) -> None:
    server = start_pagebell()
    environment = loopback_environment() | {
        "TOKEN": server.token,
        "PAGE": f"{server.base_url}/v26.0/1234567890/messenger_call_settings",
        "NODE_PATH": os.fspath(FOLDER / "node_modules"),
        "NO_PROXY": "127.0.0.1",
    }
    tour = snippets()
    assert len(tour) >= FEWEST_SNIPPETS
    for language, code, _, shown in tour:
        completed = subprocess.run(
            [*RUNNERS[language], code.replace(ADDRESS, server.base_url)],
            capture_output=True,
            text=True,
            env=environment,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        assert completed.returncode == 0, f"{code}\n{completed.stderr}"
        assert comparable(completed.stdout) == comparable(shown), code
