"""Command-line options and the servers that the parts of the suite share."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Callable, Iterator

import pytest

from pagebell_process import App, Pagebell, wait_until_visible

PARTS = (
    "python-sdk", "node-sdk", "curl", "schemathesis", "reference-schema", "readme", "call-hours", "browser",
    "recorded", "small-clients", "clients-document",
)  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--binary", help="path of the pagebell binary under test (required)")
    parser.addoption("--only", choices=PARTS, help="run one part of the suite")


def pytest_configure(config: pytest.Config) -> None:
    # The SDK's own HTTP library reads proxies from the environment; loopback must never go through one.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Select by part. A test of no part is an error, or `--only` would silently lose it."""
    only = config.getoption("--only")
    kept, dropped = [], []
    for item in items:
        marker = item.get_closest_marker("part")
        if marker is None or marker.args[0] not in PARTS:
            raise pytest.UsageError(f"{item.nodeid} belongs to no part of the suite")
        (kept if only in (None, marker.args[0]) else dropped).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


@pytest.fixture(scope="session")
def binary(request: pytest.FixtureRequest) -> Path:
    given = request.config.getoption("--binary")
    if not given:
        raise pytest.UsageError("--binary PATH_TO_PAGEBELL is required")
    path = Path(given).resolve()
    if not os.access(path, os.X_OK):
        pytest.fail(f"{given} is not an executable file", pytrace=False)
    return path


@pytest.fixture(scope="session")
def start_pagebell(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Pagebell]]:
    """Start servers that are stopped at the end of the session, each with an exit code of 0."""
    started: list[Pagebell] = []

    def start(**options) -> Pagebell:
        server = Pagebell(binary, tmp_path_factory.mktemp("pagebell"), **options)
        started.append(server)
        return server

    yield start
    failures = []
    for server in reversed(started):
        try:
            server.stop()
        except AssertionError as failure:
            failures.append(str(failure))
    assert not failures, "\n".join(failures)


@pytest.fixture(scope="session")
def graph_server(start_pagebell: Callable[..., Pagebell]) -> Pagebell:
    """A development server: every Page id exists as soon as it is used."""
    return start_pagebell()


@pytest.fixture(scope="session")
def strict_server(start_pagebell: Callable[..., Pagebell]) -> Pagebell:
    """A server without `--dev`, where a Page that nobody added does not exist."""
    return start_pagebell(dev=False)


@pytest.fixture(scope="session")
def reference_server(start_pagebell: Callable[..., Pagebell]) -> Pagebell:
    return start_pagebell(profile="reference")


@pytest.fixture(scope="session")
def page_ids() -> Iterator[str]:
    # Beyond 32 bits and beyond what a double holds exactly, as real Page ids may be.
    return (str(number) for number in itertools.count(2**53 + 1))


@pytest.fixture
def page_id(page_ids: Iterator[str]) -> str:
    """A Page id that no other test uses."""
    return next(page_ids)


@pytest.fixture(scope="session")
def optional_proof_app(graph_server: Pagebell) -> App:
    return graph_server.add_app("conformance optional proof")


@pytest.fixture(scope="session")
def required_proof_app(graph_server: Pagebell) -> App:
    return graph_server.add_app("conformance required proof", require_proof=True)


@pytest.fixture(scope="session")
def optional_proof_token(graph_server: Pagebell, optional_proof_app: App) -> str:
    return graph_server.create_visible_token(app=optional_proof_app)


@pytest.fixture(scope="session")
def required_proof_token(graph_server: Pagebell, required_proof_app: App) -> str:
    return graph_server.create_visible_token(app=required_proof_app)


@pytest.fixture(scope="session")
def all_pages_token(strict_server: Pagebell) -> str:
    """A token for all Pages on the server where Pages must be added first."""
    return strict_server.create_visible_token()


@pytest.fixture(scope="session")
def single_page(graph_server: Pagebell, page_ids: Iterator[str]) -> tuple[str, str]:
    """A Page id and a token that covers this Page and no other."""
    page_id = next(page_ids)
    return page_id, graph_server.create_visible_token(pages=(page_id,))


@pytest.fixture(scope="session")
def token_without_messaging(graph_server: Pagebell) -> str:
    return graph_server.create_visible_token(scopes=("pages_manage_metadata",))


@pytest.fixture(scope="session")
def expired_token(graph_server: Pagebell) -> str:
    """A token that lived for one second; ready once the server says that its session is over."""
    token = graph_server.create_token(expires_in="1s")

    def is_expired() -> bool:
        error = graph_server.token_error(token)
        return error is not None and error.get("error_subcode") == 463

    wait_until_visible("the end of a token of one second", is_expired, within=3.0)
    return token


@pytest.fixture(scope="session")
def revoked_token(graph_server: Pagebell) -> str:
    token = graph_server.create_visible_token()
    graph_server.revoke_token(token)
    return token
