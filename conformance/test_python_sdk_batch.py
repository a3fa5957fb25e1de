"""Batches of the Python Business SDK: form-encoded, with a slash at the end of the path."""

from __future__ import annotations

import pytest
from facebook_business.exceptions import FacebookRequestError

import python_sdk
from pagebell_process import Pagebell
from settings_samples import CALL_HOURS, EVERYTHING_CHANGED, NEVER_CONFIGURED

pytestmark = pytest.mark.part("python-sdk")

LARGEST_BATCH = 50
FAILING_OPERATION = 23


@pytest.fixture(scope="module")
def api(graph_server: Pagebell):
    return python_sdk.connect(graph_server.base_url, graph_server.token)


def test_fifty_operations_of_which_one_fails(api, page_ids) -> None:
    """Reads and updates of different Pages alternate; a bad one must not touch its neighbours."""
    pages = [python_sdk.page(api, next(page_ids)) for _ in range(LARGEST_BATCH)]
    batch = api.new_batch()
    answers: dict[int, object] = {}
    failures: dict[int, FacebookRequestError] = {}
    for index, page in enumerate(pages):
        callbacks = {
            "batch": batch,
            "success": lambda response, index=index: answers.__setitem__(index, response.json()),
            "failure": lambda response, index=index: failures.__setitem__(index, response.error()),
        }
        if index == FAILING_OPERATION:
            page.create_messenger_call_setting(params={"call_routing": {"ring_target": "NOBODY"}}, **callbacks)
        elif index % 3 == 0:
            page.get_messenger_call_settings(fields=["audio_enabled", "call_routing"], **callbacks)
        elif index % 3 == 1:
            page.create_messenger_call_setting(params=EVERYTHING_CHANGED, **callbacks)
        else:
            page.create_messenger_call_setting(
                params={"call_hours": CALL_HOURS}, fields=["call_hours", "icon_enabled"], **callbacks
            )

    assert len(batch) == LARGEST_BATCH
    assert batch.execute() is None, "the server left operations unanswered"

    assert list(failures) == [FAILING_OPERATION]
    failure = failures[FAILING_OPERATION]
    assert (failure.http_status(), failure.api_error_code()) == (400, 100)
    assert failure.api_blame_field_specs() == [["call_routing", "ring_target"]]
    assert len(answers) == LARGEST_BATCH - 1
    for index, page in enumerate(pages):
        stored = python_sdk.read(page)
        if index == FAILING_OPERATION:
            assert stored == NEVER_CONFIGURED
        elif index % 3 == 0:
            expected = {name: NEVER_CONFIGURED[name] for name in ("audio_enabled", "call_routing")}
            assert answers[index] == {"data": [expected]}
        elif index % 3 == 1:
            assert answers[index] == {"result": "success"}
            assert stored == EVERYTHING_CHANGED
        else:
            assert answers[index] == {"result": "success", "call_hours": CALL_HOURS, "icon_enabled": True}
            assert stored == NEVER_CONFIGURED | {"call_hours": CALL_HOURS}


def test_an_update_of_nothing_in_a_batch(api, page_id) -> None:
    """For an update without parameters the SDK leaves the body of the operation out."""
    batch = api.new_batch()
    answers = []
    python_sdk.page(api, page_id).create_messenger_call_setting(
        params={}, batch=batch, success=lambda response: answers.append(response.json())
    )
    assert batch.execute() is None
    assert answers == [{"result": "success"}]


def test_one_proof_at_the_top_covers_the_batch(graph_server, required_proof_app, required_proof_token, page_id) -> None:
    api = python_sdk.connect(graph_server.base_url, required_proof_token, required_proof_app.app_secret)
    batch = api.new_batch()
    answers = []
    python_sdk.page(api, page_id).get_messenger_call_settings(
        batch=batch, success=lambda response: answers.append(response.json())
    )
    assert batch.execute() is None
    assert answers == [{"data": [NEVER_CONFIGURED]}]


def test_a_refused_page_fails_alone(graph_server, single_page, page_id) -> None:
    own, token = single_page
    api = python_sdk.connect(graph_server.base_url, token)
    batch = api.new_batch()
    outcomes = {}
    for name, target in (("own", own), ("foreign", page_id)):
        python_sdk.page(api, target).get_messenger_call_settings(
            batch=batch,
            success=lambda response, name=name: outcomes.__setitem__(name, response.status()),
            failure=lambda response, name=name: outcomes.__setitem__(
                name, (response.error().http_status(), response.error().api_error_code())
            ),
        )
    assert batch.execute() is None
    assert outcomes == {"own": 200, "foreign": (403, 200)}


def test_fifty_one_operations_are_refused_as_a_whole(api, page_ids) -> None:
    pages = [python_sdk.page(api, next(page_ids)) for _ in range(LARGEST_BATCH + 1)]
    batch = api.new_batch()
    for page in pages:
        page.create_messenger_call_setting(params={"audio_enabled": False}, batch=batch)
    with pytest.raises(FacebookRequestError) as caught:
        batch.execute()
    assert caught.value.http_status() == 400
    assert caught.value.api_error_type() == "GraphBatchException"
    assert caught.value.api_error_message() == "Too many requests in batch message. Maximum batch size is 50"
    assert python_sdk.read(pages[0]) == NEVER_CONFIGURED


def test_a_batch_without_a_valid_token_is_refused_as_a_whole(graph_server, page_id) -> None:
    api = python_sdk.connect(graph_server.base_url, "nobody-issued-this")
    batch = api.new_batch()
    python_sdk.page(api, page_id).get_messenger_call_settings(batch=batch)
    with pytest.raises(FacebookRequestError) as caught:
        batch.execute()
    assert caught.value.api_error_code() == 190
