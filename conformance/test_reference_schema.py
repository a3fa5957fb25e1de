"""Real answers in both profiles against the hand-written `reference-openapi.yaml`.

The `reference` profile prints errors as the page does, flat; the `graph`
profile wraps the same object in `error`, as the live API does.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import requests
import yaml
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from pagebell_process import Pagebell, wait_until_visible
from settings_samples import CALL_HOURS_WITH_ONE_MISTAKE, EVERYTHING_CHANGED, SETTINGS_EDGE

pytestmark = pytest.mark.part("reference-schema")

DOCUMENT = yaml.safe_load((Path(__file__).parent / "reference-openapi.yaml").read_text())
PATH = f"/{{page_id}}/{SETTINGS_EDGE}"


@pytest.fixture(params=["graph", "reference"])
def server(request: pytest.FixtureRequest) -> Pagebell:
    return request.getfixturevalue(f"{request.param}_server")


def call(server: Pagebell, method: str, page_id: str, *, token: str | None = None, **options) -> requests.Response:
    """A call with all three credentials, which the page demands and which do no harm elsewhere."""
    token = token or server.token
    parameters = {"access_token": token, "oauth_token": token} | options.pop("params", {})
    return requests.request(
        method,
        f"{server.base_url}/v26.0/{page_id}/{SETTINGS_EDGE}",
        params=parameters,
        headers={"Authorization": f"Bearer {token}"},
        timeout=20,
        **options,
    )


def resolve(schema: dict) -> dict:
    while "$ref" in schema:
        target = DOCUMENT
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        schema = target
    return schema


def undocumented_members(instance: object, schema: dict, path: str = "") -> list[str]:
    """Members that the page does not list; JSON Schema alone would let them pass."""
    schema = resolve(schema)
    if isinstance(instance, dict) and "properties" in schema:
        found = []
        for name, value in instance.items():
            if name not in schema["properties"]:
                found.append(f"{path}.{name}")
            else:
                found += undocumented_members(value, schema["properties"][name], f"{path}.{name}")
        return found
    if isinstance(instance, list) and "items" in schema:
        return [
            member
            for index, value in enumerate(instance)
            for member in undocumented_members(value, schema["items"], f"{path}[{index}]")
        ]
    return []


def check_against_page(server: Pagebell, method: str, answer: requests.Response, expected_status: int) -> dict:
    """The documented object of an answer, after it was checked against the page."""
    assert answer.status_code == expected_status, answer.text
    documented = resolve(DOCUMENT["paths"][PATH][method.lower()]["responses"][str(expected_status)])
    schema = documented["content"]["application/json"]["schema"]
    assert answer.headers["content-type"] == "application/json; charset=UTF-8"
    body = answer.json()
    if expected_status != 200 and server.profile == "graph":
        assert list(body) == ["error"]
        body = body["error"]
    OAS31Validator(schema | {"components": DOCUMENT["components"]}).validate(body)
    assert undocumented_members(body, schema) == []
    return body


def test_the_document_itself_is_valid() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_read(server: Pagebell, page_id: str) -> None:
    body = check_against_page(server, "GET", call(server, "GET", page_id), 200)
    assert len(body["data"]) == 1


def test_update_and_read_back(server: Pagebell, page_id: str) -> None:
    answer = call(server, "POST", page_id, json=EVERYTHING_CHANGED)
    assert check_against_page(server, "POST", answer, 200) == {"result": "success"}
    body = check_against_page(server, "GET", call(server, "GET", page_id), 200)
    assert body == {"data": [EVERYTHING_CHANGED]}


@pytest.mark.parametrize("field", EVERYTHING_CHANGED)
def test_read_of_one_field(server: Pagebell, page_id: str, field: str) -> None:
    call(server, "POST", page_id, json=EVERYTHING_CHANGED)
    answer = call(server, "GET", page_id, params={"fields": field})
    assert check_against_page(server, "GET", answer, 200) == {"data": [{field: EVERYTHING_CHANGED[field]}]}


def test_update_of_nothing(server: Pagebell, page_id: str) -> None:
    check_against_page(server, "POST", call(server, "POST", page_id, json={}), 200)


@pytest.mark.parametrize(
    "body",
    [
        {"call_routing": {"ring_target": "EVERYONE"}},
        {"call_routing": {}},
        {"call_hours": CALL_HOURS_WITH_ONE_MISTAKE},
        {"call_hours": {"timezone_id": "Europe/Berlin"}},
        {"audio_enabled": "true"},
        [],
    ],
    ids=json.dumps,
)
def test_bad_update(server: Pagebell, page_id: str, body: object) -> None:
    error = check_against_page(server, "POST", call(server, "POST", page_id, json=body), 400)
    assert error["code"] == 100


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_bad_fields(server: Pagebell, page_id: str, method: str) -> None:
    options = {"json": {}} if method == "POST" else {}
    answer = call(server, method, page_id, params={"fields": "ringtone"}, **options)
    error = check_against_page(server, method, answer, 400)
    assert error["code"] == 100 and "ringtone" in error["message"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_foreign_page(server: Pagebell, page_ids, method: str) -> None:
    own, foreign = next(page_ids), next(page_ids)
    token = server.create_token(pages=(own,))
    wait_until_visible("the new token", lambda: call(server, "GET", own, token=token).status_code == 200)
    options = {"json": {}} if method == "POST" else {}
    error = check_against_page(server, method, call(server, method, foreign, token=token, **options), 403)
    assert error["code"] == 200


class TestReferenceProfile:
    """What only the `reference` profile promises."""

    @pytest.mark.parametrize("missing", ["access_token", "oauth_token", "Authorization"])
    def test_each_of_the_three_credentials_is_required(self, reference_server, page_id: str, missing: str) -> None:
        token = reference_server.token
        answer = requests.get(
            f"{reference_server.base_url}/v26.0/{page_id}/{SETTINGS_EDGE}",
            params={name: token for name in ("access_token", "oauth_token") if name != missing},
            headers={"Authorization": f"Bearer {token}"} if missing != "Authorization" else {},
            timeout=20,
        )
        assert answer.status_code in (400, 403)
        check_against_page(reference_server, "GET", answer, answer.status_code)

    def test_the_three_credentials_must_agree(self, reference_server, page_id: str) -> None:
        answer = call(reference_server, "GET", page_id, params={"oauth_token": "another"})
        assert answer.status_code in (400, 403)
        check_against_page(reference_server, "GET", answer, answer.status_code)

    @pytest.mark.parametrize("page_id", [str(2**64), "0", "not-a-number", "me"])
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_a_text_that_names_no_page(self, reference_server, method: str, page_id: str) -> None:
        """The live API has a 404 for some of these; the page knows only 400 and 403."""
        options = {"json": {}} if method == "POST" else {}
        answer = call(reference_server, method, page_id, **options)
        check_against_page(reference_server, method, answer, 400)

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/v26.0/debug_token"),
            ("GET", "/v26.0/1234567890/messenger_call_availability"),
            ("POST", "/v26.0/"),
            ("GET", "/v26.0/1234567890"),
            ("DELETE", f"/v26.0/1234567890/{SETTINGS_EDGE}"),
        ],
    )
    def test_nothing_else_exists(self, reference_server: Pagebell, method: str, path: str) -> None:
        token = reference_server.token
        answer = requests.request(
            method,
            reference_server.base_url + path,
            params={"access_token": token, "oauth_token": token, "input_token": token, "batch": "[]"},
            headers={"Authorization": f"Bearer {token}"},
            timeout=20,
        )
        assert answer.status_code in (400, 403)
        error = check_against_page(reference_server, "GET", answer, answer.status_code)
        assert re.search(r"\S", error["message"])
