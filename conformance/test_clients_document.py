"""The lines of `docs/clients.md`, run as they are written; only addresses and tokens are put in."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Callable

import pytest

from pagebell_process import Pagebell, loopback_environment
from snippets import Snippet, run, snippets

pytestmark = pytest.mark.part("clients-document")

FOLDER = Path(__file__).parent
DOCUMENT = FOLDER.parent / "docs" / "clients.md"
PROGRAMS = ("curl", "node", "openssl", "php", "ruby")


def section(title: str) -> list[Snippet]:
    return snippets(DOCUMENT.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0])


def environment(server: Pagebell) -> dict[str, str]:
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        pytest.fail(f"{', '.join(missing)} not installed: run `cargo xtask setup`", pytrace=False)
    return loopback_environment() | {
        "TOKEN": server.token,
        "NODE_PATH": os.fspath(FOLDER / "node_modules"),
        "NO_PROXY": "127.0.0.1,localhost",
        # `python3` is the interpreter that has this suite's packages.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


def test_clients_that_take_another_address(start_pagebell: Callable[..., Pagebell]) -> None:
    server = start_pagebell()
    lines = section("Clients that take another address")
    assert {snippet.language for snippet in lines} == {"sh", "python", "js", "php", "ruby"}
    for snippet in lines:
        code = snippet.code.replace("http://127.0.0.1:8484", server.base_url)
        run(snippet._replace(code=code), environment(server))


def test_clients_that_speak_tls_only(start_pagebell: Callable[..., Pagebell], tmp_path: Path) -> None:
    authority, serve, *lines = section("Clients that speak TLS only, or to one host only")
    run(authority, loopback_environment(), tmp_path)
    program, *arguments = shlex.split(serve.code)
    assert (program, arguments[:4]) == ("pagebell", ["serve", "--dev", "--listen", "127.0.0.1:8443"])
    files = [str(tmp_path / word) if word.startswith("server.") else word for word in arguments[4:]]
    server = start_pagebell(arguments=tuple(files))
    assert server.base_url.startswith("https://")
    port = server.base_url.rsplit(":")[-1]
    assert len(lines) >= 5
    for snippet in lines:
        assert ":8443" in snippet.code and snippet.output is not None
        run(snippet._replace(code=snippet.code.replace(":8443", f":{port}")), environment(server), tmp_path)
