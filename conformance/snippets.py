"""Snippets of documents, run as they are written."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

FENCE = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
RUNNERS = {
    "sh": ["bash", "-euo", "pipefail", "-c"],
    "python": [sys.executable, "-c"],
    "js": ["node", "-e"],
    "php": ["php", "-r"],
    "ruby": ["ruby", "-e"],
}
OUTPUTS = ("json", "text")
TIMEOUT_SECONDS = 60


class Snippet(NamedTuple):
    language: str
    code: str
    # What the document shows below it; None where it shows nothing.
    output: str | None


def snippets(text: str) -> list[Snippet]:
    """The snippets that can be run, in their order."""
    blocks = FENCE.findall(text)
    following = [*blocks[1:], ("", "")]
    return [
        Snippet(language, code, shown if kind in OUTPUTS else None)
        for (language, code), (kind, shown) in zip(blocks, following)
        if language in RUNNERS
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


def run(snippet: Snippet, environment: dict[str, str], folder: Path | None = None) -> None:
    """Run a snippet: it succeeds, and prints what the document shows."""
    completed = subprocess.run(
        [*RUNNERS[snippet.language], snippet.code],
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert completed.returncode == 0, f"{snippet.code}\n{completed.stderr}"
    if snippet.output is not None:
        assert comparable(completed.stdout) == comparable(snippet.output), snippet.code
