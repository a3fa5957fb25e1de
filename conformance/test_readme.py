"""The tour of the project's README, run as it is written.

Only the address and the token are put in; what each snippet prints must be
what the README shows below it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

import pytest

from pagebell_process import Pagebell, loopback_environment
from snippets import run, snippets

pytestmark = pytest.mark.part("readme")

FOLDER = Path(__file__).parent
README = FOLDER.parent / "README.md"
ADDRESS = "http://127.0.0.1:8484"
FEWEST_SNIPPETS = 6


def test_the_tour_does_what_the_readme_says(start_pagebell: Callable[..., Pagebell]) -> None:
    server = start_pagebell()
    environment = loopback_environment() | {
        "TOKEN": server.token,
        "PAGE": f"{server.base_url}/v26.0/1234567890/messenger_call_settings",
        "NODE_PATH": os.fspath(FOLDER / "node_modules"),
        "NO_PROXY": "127.0.0.1",
    }
    text = README.read_text().split("## A first tour")[1].split("\n## ")[0]
    # What shows no output prepares the reader's shell; the environment above stands for it.
    tour = [snippet for snippet in snippets(text) if snippet.output is not None]
    assert len(tour) >= FEWEST_SNIPPETS
    for snippet in tour:
        run(snippet._replace(code=snippet.code.replace(ADDRESS, server.base_url)), environment)
