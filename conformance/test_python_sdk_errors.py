"""What the Python Business SDK hands to its caller when a call is refused."""

from __future__ import annotations

from typing import Callable

import pytest
from facebook_business.exceptions import FacebookRequestError

import python_sdk
from pagebell_process import App, Pagebell
from settings_samples import (
    BLAMED_CLOSE_TIME,
    BLAMED_TIMEZONE,
    CALL_HOURS_WITH_ONE_MISTAKE,
    CALL_HOURS_WITH_TWO_MISTAKES,
    EVERYTHING_CHANGED,
    NEVER_CONFIGURED,
)

pytestmark = pytest.mark.part("python-sdk")


def refusal(call: Callable[[], object]) -> FacebookRequestError:
    """The error of a call, after the checks that hold for every refusal the SDK can read."""
    with pytest.raises(FacebookRequestError) as caught:
        call()
    error = caught.value
    assert 400 <= error.http_status() < 500
    assert error.api_error_message()
    assert error.api_error_type()
    assert error.api_transient_error() is False
    body = error.body()["error"]
    assert len(body["fbtrace_id"]) == 23
    assert error.http_headers()["x-fb-request-id"] == body["fbtrace_id"]
    assert error.http_headers()["content-type"] == "application/json; charset=UTF-8"
    assert error.http_headers()["www-authenticate"].startswith('OAuth "Facebook Platform" "')
    return error


def connect_page(server: Pagebell, page_id: str, token: str | None = None, app_secret: str | None = None):
    return python_sdk.page(python_sdk.connect(server.base_url, token or server.token, app_secret), page_id)


@pytest.mark.parametrize(
    ("settings", "blamed"),
    [
        ({"call_routing": {"ring_target": "EVERYONE"}}, ["call_routing", "ring_target"]),
        ({"call_routing": {}}, ["call_routing", "ring_target"]),
        ({"call_hours": CALL_HOURS_WITH_ONE_MISTAKE}, BLAMED_CLOSE_TIME),
        ({"audio_enabled": "perhaps"}, ["audio_enabled"]),
        ({"icon_enabled": "null"}, ["icon_enabled"]),
    ],
    ids=["unknown value", "missing member", "close before open", "no boolean", "null"],
)
def test_a_wrong_value_is_blamed_by_its_path_and_nothing_is_stored(graph_server, page_id, settings, blamed) -> None:
    page = connect_page(graph_server, page_id)
    error = refusal(lambda: python_sdk.update(page, {"video_enabled": True} | settings))
    assert (error.http_status(), error.api_error_code(), error.api_error_type()) == (400, 100, "OAuthException")
    assert error.api_blame_field_specs() == [blamed]
    assert blamed[-1] in error.api_error_message()
    assert python_sdk.read(page) == NEVER_CONFIGURED


def test_all_mistakes_of_one_update_are_blamed(graph_server, page_id) -> None:
    page = connect_page(graph_server, page_id)
    error = refusal(lambda: python_sdk.update(page, {"call_hours": CALL_HOURS_WITH_TWO_MISTAKES}))
    assert sorted(error.api_blame_field_specs()) == sorted([BLAMED_TIMEZONE, BLAMED_CLOSE_TIME])
    details = error.body()["error"]["error_data"]["details"]
    assert len(details) == 2 and all(isinstance(detail, str) and detail for detail in details)


def test_a_day_listed_twice_is_refused(graph_server, page_id) -> None:
    monday = {"day_of_week": "MONDAY", "open_time": "0900", "close_time": "1000"}
    hours = {"timezone_id": "UTC", "weekly_operating_hours": [monday, monday | {"open_time": "0930"}]}
    page = connect_page(graph_server, page_id)
    error = refusal(lambda: python_sdk.update(page, {"call_hours": hours}))
    assert (error.http_status(), error.api_error_code()) == (400, 100)
    assert error.api_blame_field_specs()[0][:2] == ["call_hours", "weekly_operating_hours"]


def test_an_unknown_field_is_named(graph_server, page_id) -> None:
    page = connect_page(graph_server, page_id)
    error = refusal(lambda: python_sdk.read(page, fields=["audio_enabled", "ringtone"]))
    assert (error.http_status(), error.api_error_code()) == (400, 100)
    assert "ringtone" in error.api_error_message()


@pytest.mark.parametrize("verb", ["get", "post"])
def test_an_unknown_page(strict_server: Pagebell, all_pages_token: str, page_id: str, verb: str) -> None:
    page = connect_page(strict_server, page_id, all_pages_token)
    error = refusal(lambda: python_sdk.read(page) if verb == "get" else python_sdk.update(page, EVERYTHING_CHANGED))
    assert (error.http_status(), error.api_error_code(), error.api_error_subcode()) == (400, 100, 33)
    assert error.api_error_type() == "GraphMethodException"
    assert error.api_error_message() == (
        f"Unsupported {verb} request. Object with ID '{page_id}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api"
    )


def test_a_page_out_of_reach_answers_alike_whether_it_exists_or_not(strict_server, page_ids) -> None:
    own, existing, absent = next(page_ids), next(page_ids), next(page_ids)
    strict_server.add_page(own)
    strict_server.add_page(existing)
    token = strict_server.create_visible_token(pages=(own,))
    answers = []
    for foreign in (existing, absent):
        page = connect_page(strict_server, foreign, token)
        for call in (python_sdk.read, lambda page: python_sdk.update(page, EVERYTHING_CHANGED)):
            error = refusal(lambda: call(page))
            assert (error.http_status(), error.api_error_code()) == (403, 200)
            answers.append(error.api_error_message().replace(foreign, "PAGE"))
    assert answers[:2] == answers[2:]


@pytest.mark.parametrize("call", [python_sdk.read, lambda page: python_sdk.update(page, {})], ids=["get", "post"])
def test_a_token_without_the_scope(graph_server, token_without_messaging, page_id, call) -> None:
    error = refusal(lambda: call(connect_page(graph_server, page_id, token_without_messaging)))
    assert (error.http_status(), error.api_error_code()) == (403, 230)
    assert "pages_messaging" in error.api_error_message()


def test_an_expired_token(graph_server, expired_token, page_id) -> None:
    error = refusal(lambda: python_sdk.read(connect_page(graph_server, page_id, expired_token)))
    assert (error.api_error_code(), error.api_error_subcode()) == (190, 463)
    assert error.api_error_type() == "OAuthException"


def test_a_revoked_token(graph_server, revoked_token, page_id) -> None:
    error = refusal(lambda: python_sdk.read(connect_page(graph_server, page_id, revoked_token)))
    assert (error.api_error_code(), error.api_error_type()) == (190, "OAuthException")


def test_a_token_nobody_issued(graph_server, page_id) -> None:
    error = refusal(lambda: python_sdk.read(connect_page(graph_server, page_id, "nobody|issued+this")))
    assert (error.api_error_code(), error.api_error_type()) == (190, "OAuthException")


def test_a_bad_token_is_reported_before_a_bad_value(graph_server, page_id) -> None:
    page = connect_page(graph_server, page_id, "nobody-issued-this")
    error = refusal(lambda: python_sdk.update(page, {"call_routing": {"ring_target": "EVERYONE"}}))
    assert error.api_error_code() == 190


@pytest.mark.parametrize("kind", ["optional", "required"])
def test_a_wrong_proof(request, graph_server, page_id, kind: str) -> None:
    token: str = request.getfixturevalue(f"{kind}_proof_token")
    page = connect_page(graph_server, page_id, token, app_secret="0" * 32)
    error = refusal(lambda: python_sdk.read(page))
    assert (error.http_status(), error.api_error_code()) == (400, 100)
    assert error.api_error_type() == "GraphMethodException"
    assert error.api_error_message() == "Invalid appsecret_proof provided in the API argument"


def test_a_missing_proof_that_the_app_requires(graph_server, required_proof_token, page_id) -> None:
    error = refusal(lambda: python_sdk.read(connect_page(graph_server, page_id, required_proof_token)))
    assert (error.http_status(), error.api_error_code()) == (400, 100)
    assert error.api_error_type() == "GraphMethodException"
    assert error.api_error_message() == "API calls from the server require an appsecret_proof argument"


def test_the_proof_of_another_app(graph_server, required_proof_token, optional_proof_app: App, page_id) -> None:
    page = connect_page(graph_server, page_id, required_proof_token, optional_proof_app.app_secret)
    assert refusal(lambda: python_sdk.read(page)).api_error_code() == 100
