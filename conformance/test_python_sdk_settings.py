"""Reading and updating settings through the Python Business SDK."""

from __future__ import annotations

import pytest
from facebook_business.api import FacebookAdsApi

import python_sdk
from pagebell_process import App, Pagebell
from settings_samples import (
    CALL_HOURS,
    CLOSED_ALL_WEEK,
    EVERYTHING_CHANGED,
    NEVER_CONFIGURED,
    ONE_FIELD_UPDATES,
)

pytestmark = pytest.mark.part("python-sdk")


@pytest.fixture(scope="module")
def api(graph_server: Pagebell) -> FacebookAdsApi:
    return python_sdk.connect(graph_server.base_url, graph_server.token)


@pytest.fixture
def page(api: FacebookAdsApi, page_id: str):
    return python_sdk.page(api, page_id)


def test_a_page_never_configured_has_the_defaults(page) -> None:
    assert python_sdk.read(page) == NEVER_CONFIGURED


def test_the_demo_page_of_a_development_server_can_be_read(api, graph_server) -> None:
    assert python_sdk.read(python_sdk.page(api, graph_server.page_id))["icon_enabled"] is True


@pytest.mark.parametrize("field", ONE_FIELD_UPDATES)
def test_updating_one_field_leaves_the_others_alone(page, field: str) -> None:
    assert python_sdk.update(page, ONE_FIELD_UPDATES[field]) == {"result": "success"}
    assert python_sdk.read(page) == NEVER_CONFIGURED | ONE_FIELD_UPDATES[field]


def test_updating_all_fields_together(page) -> None:
    assert python_sdk.update(page, EVERYTHING_CHANGED) == {"result": "success"}
    assert python_sdk.read(page) == EVERYTHING_CHANGED


def test_the_last_update_wins(page) -> None:
    for audio_enabled in (False, True, False):
        python_sdk.update(page, {"audio_enabled": audio_enabled})
        assert python_sdk.read(page)["audio_enabled"] is audio_enabled


@pytest.mark.parametrize("field", EVERYTHING_CHANGED)
def test_reading_one_field(page, field: str) -> None:
    python_sdk.update(page, EVERYTHING_CHANGED)
    assert python_sdk.read(page, fields=[field]) == {field: EVERYTHING_CHANGED[field]}


def test_reading_several_fields(page) -> None:
    fields = ["call_routing", "video_enabled"]
    assert python_sdk.read(page, fields=fields) == {name: NEVER_CONFIGURED[name] for name in fields}


def test_an_update_with_fields_answers_with_what_is_now_stored(page) -> None:
    answer = python_sdk.update(page, {"audio_enabled": False, "call_hours": CALL_HOURS}, fields=["call_hours"])
    assert answer == {"result": "success", "call_hours": CALL_HOURS}


def test_call_hours_are_replaced_whole(page) -> None:
    python_sdk.update(page, {"call_hours": CALL_HOURS})
    python_sdk.update(page, {"call_hours": CLOSED_ALL_WEEK})
    assert python_sdk.read(page)["call_hours"] == CLOSED_ALL_WEEK


def test_call_hours_are_cleared_by_the_text_null(page) -> None:
    """The SDK's HTTP library drops a None from a form, so its users have to spell the null out."""
    python_sdk.update(page, {"call_hours": CALL_HOURS})
    assert python_sdk.update(page, {"call_hours": "null"}) == {"result": "success"}
    assert python_sdk.read(page) == NEVER_CONFIGURED


def test_an_update_of_nothing_succeeds_and_changes_nothing(page) -> None:
    python_sdk.update(page, EVERYTHING_CHANGED)
    assert python_sdk.update(page, {}) == {"result": "success"}
    assert python_sdk.read(page) == EVERYTHING_CHANGED


@pytest.mark.parametrize("version", ["v20.0", "v23.0", "v26.0"])
def test_every_version_serves_the_same_settings(graph_server, page_id, version: str) -> None:
    api = python_sdk.connect(graph_server.base_url, graph_server.token, api_version=version)
    page = python_sdk.page(api, page_id)
    python_sdk.update(page, EVERYTHING_CHANGED)
    assert python_sdk.read(page) == EVERYTHING_CHANGED


@pytest.mark.parametrize("require", [False, True], ids=["optional", "required"])
def test_a_right_proof_is_accepted(request, graph_server: Pagebell, page_id: str, require: bool) -> None:
    kind = "required" if require else "optional"
    app: App = request.getfixturevalue(f"{kind}_proof_app")
    token: str = request.getfixturevalue(f"{kind}_proof_token")
    page = python_sdk.page(python_sdk.connect(graph_server.base_url, token, app.app_secret), page_id)
    assert python_sdk.update(page, EVERYTHING_CHANGED) == {"result": "success"}
    assert python_sdk.read(page) == EVERYTHING_CHANGED


def test_a_page_token_serves_its_page_by_id_and_as_me(graph_server: Pagebell, single_page: tuple[str, str]) -> None:
    page_id, token = single_page
    api = python_sdk.connect(graph_server.base_url, token)
    python_sdk.update(python_sdk.page(api, page_id), EVERYTHING_CHANGED)
    assert python_sdk.read(python_sdk.page(api, "me")) == EVERYTHING_CHANGED
