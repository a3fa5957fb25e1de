"""Requests of real clients, as they were sent, over a raw socket.

Each file in `recorded/` holds the requests of one client: the head and the body byte for byte, but for
the placeholders that stand for what differs from run to run. `recorded/README.md` has the format.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
import urllib.parse
from pathlib import Path
from typing import Any, Iterator

import pytest
import requests
import yaml

from pagebell_process import App, Pagebell

pytestmark = pytest.mark.part("recorded")

FOLDER = Path(__file__).parent / "recorded"
FEWEST_CLIENTS = 20
TIMEOUT_SECONDS = 20

# What a Page has before each request, but for the settings that the request changes.
BEFORE = {
    "audio_enabled": True,
    "icon_enabled": False,
    "video_enabled": False,
    "call_routing": {"ring_target": "META"},
    "call_hours": {
        "timezone_id": "UTC",
        "weekly_operating_hours": [{"day_of_week": "SUNDAY", "open_time": "1000", "close_time": "1200"}],
    },
}


def recorded() -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*.yaml")):
        document = yaml.safe_load(path.read_text())
        assert document["client"] and document["recorded"], path
        for request in document["requests"]:
            yield pytest.param(request, id=f"{path.stem}: {request['name']}")


RECORDED = list(recorded())


def test_no_client_is_lost() -> None:
    assert len({parameter.id.split(":")[0] for parameter in RECORDED}) >= FEWEST_CLIENTS


def bytes_of(request: dict, values: dict[str, str]) -> bytes:
    """The bytes as the client sends them: every line ends in CR LF, and the length is that of the body."""

    def filled(text: str) -> str:
        for placeholder, value in values.items():
            text = text.replace(placeholder, value)
        return text.replace("\n", "\r\n")

    body = filled(request.get("body", "")).encode()
    head = filled(request["head"]).replace("{length}", str(len(body)))
    return head.encode("latin-1") + b"\r\n" + body


def exchange(base_url: str, sent: bytes) -> tuple[int, Any]:
    """The status and the JSON of the answer, with 100 Continue left out."""
    address = urllib.parse.urlsplit(base_url)
    with socket.create_connection((address.hostname, address.port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(sent)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response.status, json.loads(response.read())


def assert_contains(found: Any, expected: Any) -> None:
    """Every member that is expected is there; others may be."""
    if isinstance(expected, dict):
        assert isinstance(found, dict), found
        for name, value in expected.items():
            assert name in found, f"no {name} in {found}"
            assert_contains(found[name], value)
    elif isinstance(expected, list):
        assert isinstance(found, list) and len(found) == len(expected), found
        for one, other in zip(found, expected):
            assert_contains(one, other)
    else:
        assert found == expected


def with_page(expected: Any, page_id: str) -> Any:
    return json.loads(json.dumps(expected).replace("{page}", page_id))


def something_else(field: str, value: Any) -> Any:
    """A value that a setting has before an update makes it `value`."""
    if isinstance(value, bool):
        return not value
    if field == "call_routing":
        return {"ring_target": "META" if value["ring_target"] == "PARTNERS" else "PARTNERS"}
    return BEFORE[field]


@pytest.mark.parametrize("request_", RECORDED)
def test_recorded_request(
    graph_server: Pagebell, optional_proof_app: App, optional_proof_token: str, page_id: str, request_: dict
) -> None:
    page_id, token, app = page_id, optional_proof_token, optional_proof_app
    if request_.get("page") == "demo":
        page_id, token, app = graph_server.page_id, graph_server.token, graph_server.app
    address = f"{graph_server.base_url}/v26.0/{page_id}/messenger_call_settings"
    headers = {"Authorization": f"Bearer {token}"}
    stored = request_.get("stored", {})
    before = BEFORE | {field: something_else(field, value) for field, value in stored.items()}
    requests.post(address, headers=headers, json=before, timeout=TIMEOUT_SECONDS).raise_for_status()

    proof = hmac.new(app.app_secret.encode(), token.encode(), hashlib.sha256)
    values = {
        "{host}": urllib.parse.urlsplit(graph_server.base_url).netloc,
        "{page}": page_id,
        "{token}": token,
        "{proof}": proof.hexdigest(),
    }
    status, answer = exchange(graph_server.base_url, bytes_of(request_, values))
    assert status == request_["status"], answer
    assert_contains(answer, with_page(request_["answer"], page_id))
    if "message" in request_:
        assert request_["message"] in answer["error"]["message"]

    read = requests.get(address, headers=headers, timeout=TIMEOUT_SECONDS).json()
    expected = {field: value for field, value in (before | stored).items() if value is not None}
    assert read == {"data": [expected]}
