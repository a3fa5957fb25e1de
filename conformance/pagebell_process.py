"""Start, administer and stop the `pagebell` binary the way an operator would.

Only the command line that the project promises is used here: no file of the
store is opened and no internal route is called, so a rewrite of the server
cannot quietly change what this suite checks.
"""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Callable

import requests

START_TIMEOUT_SECONDS = 20.0
# The server may finish requests for ten seconds after SIGTERM; the rest is slack for a busy machine.
STOP_TIMEOUT_SECONDS = 15.0
# What an administration command changes must reach a running server within this time.
VISIBLE_WITHIN_SECONDS = 1.0

LISTENING_LINE = re.compile(r"^listening on (https?://\S+:\d+)$")
PAGE_LINE = re.compile(r"^page (\d+)$")
TOKEN_LINE = re.compile(r"^token (\S+)$")
CURL_LINE = re.compile(r"^(curl .+)$")
CONSOLE_LINE = re.compile(r"^console (https?://\S+)$")
APP_ID_LINE = re.compile(r"^app_id (\d+)$", re.MULTILINE)
APP_SECRET_LINE = re.compile(r"^app_secret ([0-9a-f]{32})$", re.MULTILINE)

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")


def loopback_environment() -> dict[str, str]:
    """The caller's environment without proxies and without Pagebell's own variables.

    A proxy would swallow loopback calls, and a stray `PAGEBELL_*` variable
    would change the server under test without a trace in the test.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if name.lower() not in PROXY_VARIABLES and not name.startswith("PAGEBELL_")
    }


@dataclass(frozen=True)
class App:
    """An app as `pagebell app add` prints it."""

    app_id: str
    app_secret: str


class Pagebell:
    """One running server with a store of its own in a temporary directory."""

    def __init__(
        self,
        binary: Path,
        directory: Path,
        *,
        profile: str = "graph",
        dev: bool = True,
        max_entries_per_day: int | None = None,
        arguments: tuple[str, ...] = (),
    ) -> None:
        self.binary = binary
        self.profile = profile
        self.store = f"sqlite:{directory / 'pagebell.db'}"
        self.page_id = ""
        self.token = ""
        self._error_log_path = directory / "stderr.log"
        self._error_log: IO[bytes] = self._error_log_path.open("wb")
        command = [
            str(binary), "serve",
            "--listen", "127.0.0.1:0",
            "--store", self.store,
            "--profile", profile,
        ]  # fmt: skip
        if dev:
            command.append("--dev")
        if max_entries_per_day is not None:
            command += ["--call-hours-max-entries-per-day", str(max_entries_per_day)]
        command += arguments
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=self._error_log,
            env=loopback_environment(),
            cwd=directory,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._drain_standard_output, daemon=True).start()
        try:
            self.base_url = self._expect_line(LISTENING_LINE)
            if dev:
                self.page_id = self._expect_line(PAGE_LINE)
                self.token = self._expect_line(TOKEN_LINE)
                self._expect_line(CURL_LINE)
                self._expect_line(CONSOLE_LINE)
                self.app = App(self._expect_line(APP_ID_LINE), self._expect_line(APP_SECRET_LINE))
        except BaseException:
            self._kill()
            raise

    def _drain_standard_output(self) -> None:
        """Keep reading for the life of the process: a full pipe would stop the server."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        # Whoever still waits for a line learns at once that none will come.
        self._lines.put("(end of output)")

    def _expect_line(self, pattern: re.Pattern[str]) -> str:
        """The next line of standard output must match; the lines come in a fixed order."""
        try:
            line = self._lines.get(timeout=START_TIMEOUT_SECONDS)
        except queue.Empty:
            raise AssertionError(f"no line like {pattern.pattern!r} on stdout; stderr:\n{self.error_log()}") from None
        match = pattern.match(line)
        assert match, f"expected {pattern.pattern!r}, got {line!r}; stderr:\n{self.error_log()}"
        return match.group(1)

    def error_log(self) -> str:
        """The last part of the server's log, for a failure message."""
        self._error_log.flush()
        return self._error_log_path.read_text(errors="replace")[-4000:]

    def _kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._error_log.close()

    def stop(self) -> None:
        """Ask for a shutdown and insist on exit code 0, as an init system would see it."""
        if self.process.poll() is not None:
            code = self.process.returncode
            message = f"the server ended by itself with code {code}; stderr:\n{self.error_log()}"
            self._kill()
            raise AssertionError(message)
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            message = f"still running {STOP_TIMEOUT_SECONDS} s after SIGTERM; stderr:\n{self.error_log()}"
            self._kill()
            raise AssertionError(message) from None
        message = f"exit code {code} after SIGTERM; stderr:\n{self.error_log()}"
        self._kill()
        assert code == 0, message

    def administer(self, *arguments: str) -> str:
        """Run one administration command on the running server's store and return its stdout."""
        completed = subprocess.run(
            [str(self.binary), *arguments, "--store", self.store],
            capture_output=True,
            text=True,
            timeout=30,
            env=loopback_environment(),
            check=False,
        )
        assert completed.returncode == 0, (
            f"pagebell {' '.join(arguments)}: exit code {completed.returncode}, stderr: {completed.stderr}"
        )
        return completed.stdout.strip()

    def add_app(self, name: str, *, require_proof: bool = False) -> App:
        printed = self.administer("app", "add", name, *(["--require-proof"] if require_proof else []))
        app_id = APP_ID_LINE.search(printed)
        app_secret = APP_SECRET_LINE.search(printed)
        assert app_id and app_secret, f"unexpected output of app add: {printed!r}"
        return App(app_id.group(1), app_secret.group(1))

    def add_page(self, page_id: str) -> None:
        self.administer("page", "add", page_id)

    def create_token(
        self,
        *,
        pages: tuple[str, ...] = (),
        app: App | None = None,
        scopes: tuple[str, ...] = (),
        expires_in: str | None = None,
    ) -> str:
        """A new token, for `pages` or for all Pages when none is named; returned without waiting."""
        arguments = [argument for page_id in pages for argument in ("--page", page_id)] or ["--all-pages"]
        for scope in scopes:
            arguments += ["--scope", scope]
        if app is not None:
            arguments += ["--app", app.app_id]
        if expires_in is not None:
            arguments += ["--expires-in", expires_in]
        token = self.administer("token", "create", *arguments)
        assert token and not re.search(r"\s", token), f"token create must print the token alone, got {token!r}"
        return token

    def create_visible_token(self, **options) -> str:
        """A new token that the running server already knows."""
        token = self.create_token(**options)
        wait_until_visible("the new token", lambda: self.token_error(token) is None)
        return token

    def revoke_token(self, token: str) -> None:
        self.administer("token", "revoke", token)
        wait_until_visible("the revocation", lambda: self.token_error(token) is not None)

    def token_error(self, token: str) -> dict | None:
        """The error 190 this token meets, or None when the server takes it as a valid token.

        The check of the token comes first, so whatever follows it (a missing
        proof, a Page out of reach) already proves that the token is known.
        """
        answer = requests.get(
            f"{self.base_url}/v26.0/1/messenger_call_settings",
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )
        error = answer.json().get("error", {})
        return error if error.get("code") == 190 else None


def wait_until_visible(what: str, condition: Callable[[], bool], within: float = VISIBLE_WITHIN_SECONDS) -> None:
    """Poll until `condition` holds; the last try starts no later than `within` seconds from now."""
    deadline = time.monotonic() + within
    while True:
        last_try = time.monotonic() >= deadline
        if condition():
            return
        assert not last_try, f"{what} was not visible to the running server within {within} s"
        time.sleep(0.02)
