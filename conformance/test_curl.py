"""curl, with the published samples as they stand and with every encoding of an update.

The two samples keep their options, their order and their `{}` bodies; only
the base address, the Page id and the token are filled in.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass

import pytest

from pagebell_process import Pagebell, loopback_environment
from settings_samples import (
    CALL_HOURS,
    EVERYTHING_CHANGED,
    NEVER_CONFIGURED,
    SETTINGS_EDGE,
)

pytestmark = pytest.mark.part("curl")

PUBLISHED_BASE_URL = "https://graph.facebook.com"
PUBLISHED_SAMPLES = {
    "get": [
        "--request", "GET",
        "--url", "https://graph.facebook.com/v26.0/{page_id}/messenger_call_settings",
        "--header", "Authorization: Bearer <Token>",
        "--header", "Content-Type: application/json",
        "--data", "{}",
    ],
    "post": [
        "--request", "POST",
        "--url", "https://graph.facebook.com/v26.0/{page_id}/messenger_call_settings",
        "--header", "Authorization: Bearer <Token>",
        "--header", "Content-Type: application/json",
        "--data", "{}",
    ],
}  # fmt: skip


# Between the body and what curl adds about the answer; never part of a JSON text.
SEPARATOR = "\n\x1e\n"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, list[str]]
    body: dict


def curl(*arguments: str) -> Answer:
    program = shutil.which("curl")
    if program is None:
        pytest.fail("curl is not installed", pytrace=False)
    written = f"{SEPARATOR}%{{http_code}}{SEPARATOR}%{{header_json}}"
    completed = subprocess.run(
        [program, "--silent", "--show-error", "--max-time", "20", "--write-out", written, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        env=loopback_environment(),
        check=False,
    )
    assert completed.returncode == 0, completed.stderr
    body, status, headers = completed.stdout.split(SEPARATOR)
    return Answer(int(status), json.loads(headers), json.loads(body))


def fill_in(sample: list[str], server: Pagebell, page_id: str) -> list[str]:
    replacements = {PUBLISHED_BASE_URL: server.base_url, "{page_id}": page_id, "<Token>": server.token}
    filled = []
    for argument in sample:
        for published, actual in replacements.items():
            argument = argument.replace(published, actual)
        filled.append(argument)
    return filled


def settings_url(server: Pagebell, page_id: str) -> str:
    return f"{server.base_url}/v26.0/{page_id}/{SETTINGS_EDGE}"


def read(server: Pagebell, page_id: str) -> dict:
    answer = curl("--header", f"Authorization: Bearer {server.token}", settings_url(server, page_id))
    assert answer.status == 200
    [settings] = answer.body["data"]
    return settings


def test_the_published_sample_of_a_read(graph_server: Pagebell, page_id: str) -> None:
    answer = curl(*fill_in(PUBLISHED_SAMPLES["get"], graph_server, page_id))
    assert (answer.status, answer.body) == (200, {"data": [NEVER_CONFIGURED]})
    assert answer.headers["content-type"] == ["application/json; charset=UTF-8"]
    assert answer.headers["facebook-api-version"] == ["v26.0"]
    assert answer.headers["cache-control"] == ["no-store"]
    assert answer.headers["access-control-allow-origin"] == ["*"]
    assert answer.headers["x-fb-request-id"] and answer.headers["x-fb-trace-id"]


def test_the_published_sample_of_an_update(graph_server: Pagebell, page_id: str) -> None:
    answer = curl(*fill_in(PUBLISHED_SAMPLES["post"], graph_server, page_id))
    assert (answer.status, answer.body) == (200, {"result": "success"})
    assert read(graph_server, page_id) == NEVER_CONFIGURED


def test_a_read_ignores_whatever_its_body_holds(graph_server: Pagebell, page_id: str) -> None:
    body = json.dumps({"audio_enabled": False, "fields": "video_enabled", "call_routing": 1})
    sample = [body if argument == "{}" else argument for argument in PUBLISHED_SAMPLES["get"]]
    answer = curl(*fill_in(sample, graph_server, page_id))
    assert (answer.status, answer.body) == (200, {"data": [NEVER_CONFIGURED]})


def parameter_text(value: object) -> str:
    """A value outside a JSON body: objects as JSON text, booleans as `true` and `false`."""
    return json.dumps(value, separators=(",", ":"))


def update_arguments(encoding: str) -> list[str]:
    parameters = {name: parameter_text(value) for name, value in EVERYTHING_CHANGED.items()}
    pairs = [f"{name}={value}" for name, value in parameters.items()]
    if encoding == "json":
        return ["--header", "Content-Type: application/json", "--data", json.dumps(EVERYTHING_CHANGED)]
    if encoding == "query":
        # The pairs go to the query by --get; --request keeps the method an update.
        arguments = ["--get", "--request", "POST"]
        option = "--data-urlencode"
    else:
        arguments = []
        # A form-string, unlike a plain form field, gives no meaning to characters such as `;` and `@`.
        option = {"form": "--data-urlencode", "multipart": "--form-string"}[encoding]
    return arguments + [part for pair in pairs for part in (option, pair)]


@pytest.mark.parametrize("encoding", ["json", "form", "multipart", "query"])
def test_an_update_in_every_encoding_is_read_back(graph_server: Pagebell, page_id: str, encoding: str) -> None:
    answer = curl(
        "--header", f"Authorization: Bearer {graph_server.token}",
        *update_arguments(encoding),
        settings_url(graph_server, page_id),
    )  # fmt: skip
    assert (answer.status, answer.body) == (200, {"result": "success"})
    assert read(graph_server, page_id) == EVERYTHING_CHANGED


@pytest.mark.parametrize("encoding", ["form", "multipart", "query"])
@pytest.mark.parametrize(("text", "meaning"), [("0", False), ("1", True), ("false", False), ("true", True)])
def test_booleans_outside_json(graph_server, page_id, encoding: str, text: str, meaning: bool) -> None:
    option = ["--form-string"] if encoding == "multipart" else ["--data-urlencode"]
    if encoding == "query":
        option = ["--get", "--request", "POST", *option]
    for field in ("audio_enabled", "video_enabled"):
        answer = curl(
            "--header", f"Authorization: Bearer {graph_server.token}",
            *option, f"{field}={text}",
            settings_url(graph_server, page_id),
        )  # fmt: skip
        assert (answer.status, answer.body) == (200, {"result": "success"})
        assert read(graph_server, page_id)[field] is meaning


@pytest.mark.parametrize("place", ["bearer", "oauth", "query access_token", "query oauth_token", "form access_token"])
def test_one_token_in_any_place_is_enough(graph_server: Pagebell, page_id: str, place: str) -> None:
    token = graph_server.token
    url = settings_url(graph_server, page_id)
    arguments = {
        "bearer": ["--header", f"Authorization: Bearer {token}", "--data", "audio_enabled=false", url],
        "oauth": ["--header", f"Authorization: OAuth {token}", "--data", "audio_enabled=false", url],
        "query access_token": ["--data", "audio_enabled=false", f"{url}?access_token={token}"],
        "query oauth_token": ["--data", "audio_enabled=false", f"{url}?oauth_token={token}"],
        "form access_token": ["--data", "audio_enabled=false", "--data", f"access_token={token}", url],
    }[place]
    answer = curl(*arguments)
    assert (answer.status, answer.body) == (200, {"result": "success"})
    assert read(graph_server, page_id)["audio_enabled"] is False


def test_two_tokens_that_differ_are_refused(graph_server: Pagebell, page_id: str) -> None:
    url = f"{settings_url(graph_server, page_id)}?access_token={graph_server.token}"
    answer = curl("--header", "Authorization: Bearer another", url)
    assert answer.status >= 400
    assert answer.body["error"]["code"] == 190


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
def test_a_verb_the_edge_does_not_support(graph_server: Pagebell, page_id: str, verb: str) -> None:
    """What Graph says for such a verb, which is neither 404 nor 405."""
    answer = curl(
        "--request", verb,
        "--header", f"Authorization: Bearer {graph_server.token}",
        settings_url(graph_server, page_id),
    )  # fmt: skip
    error = answer.body["error"]
    assert (answer.status, error["code"], error["error_subcode"]) == (400, 100, 33)
    assert error["type"] == "GraphMethodException"
    assert error["message"].startswith(f"Unsupported {verb.lower()} request. ")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("call_hours{timezone_id}", {"call_hours": {"timezone_id": CALL_HOURS["timezone_id"]}}),
        ('["audio_enabled","call_routing"]', {"audio_enabled": False, "call_routing": {"ring_target": "PARTNERS"}}),
        ("audio_enabled, icon_enabled", {"audio_enabled": False, "icon_enabled": False}),
        ("", EVERYTHING_CHANGED),
    ],
    ids=["sub-selection", "JSON array", "spaces", "empty"],
)
def test_every_way_to_write_fields(graph_server: Pagebell, page_id: str, fields: str, expected: dict) -> None:
    bearer = ["--header", f"Authorization: Bearer {graph_server.token}"]
    url = settings_url(graph_server, page_id)
    curl(*bearer, "--header", "Content-Type: application/json", "--data", json.dumps(EVERYTHING_CHANGED), url)
    answer = curl(*bearer, "--get", "--data-urlencode", f"fields={fields}", url)
    assert (answer.status, answer.body) == (200, {"data": [expected]})
