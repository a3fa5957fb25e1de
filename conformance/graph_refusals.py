"""Read three refusals in the Graph API's own spelling.

Three checks of schemathesis accept only the statuses that REST customs give to
a refusal, and have no setting for others. The Graph API refuses the same
requests, but spells it differently:

==========================  ==================  =================================
check                       wants               the Graph API
==========================  ==================  =================================
ignored_auth                401 or 403          400, code 190 (wrong) or 104 (none)
missing_required_header     401, Authorization  400, code 190 or 104
unsupported_method          405 with Allow      400, code 100, subcode 33
==========================  ==================  =================================

The checks stay on. When one of them fails, this hook looks at the whole answer
and lets it pass only if the answer is a refusal in the full Graph form: status,
code, subcode, type and text. That asks more than the check did, which looks at
a status alone. Anything else stays a failure: a success, another status of
4xx, an error of another code, an answer that is not JSON.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests
import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import (
    AuthScenario,
    IgnoredAuth,
    MissingHeaderNotRejected,
    UnsupportedMethodResponse,
)

WRONG_CREDENTIAL = "nobody-issued-this"
QUERY_CREDENTIALS = ("access_token", "oauth_token")
ACCESS_TOKEN_CODES = (104, 190)
TIMEOUT_SECONDS = 10

_operations_that_refuse: set[str] = set()


def standard_error(status: int, content: bytes) -> dict[str, Any]:
    """The StandardError of a Graph refusal, flat or wrapped; empty when it is anything else."""
    if status not in (400, 401, 403):
        return {}
    try:
        body = json.loads(content)
    except ValueError:
        return {}
    error = body.get("error", body) if isinstance(body, dict) else None
    return error if isinstance(error, dict) and isinstance(error.get("message"), str) else {}


def refuses_credentials(status: int, content: bytes) -> bool:
    error = standard_error(status, content)
    return error.get("code") in ACCESS_TOKEN_CODES and error.get("type") == "OAuthException"


def refuses_verb(verb: str, status: int, content: bytes) -> bool:
    """A verb that a path does not take. A GET of the root, which names no object, has a form of its own."""
    error = standard_error(status, content)
    if status != 400 or error.get("code") != 100 or error.get("type") != "GraphMethodException":
        return False
    if verb == "GET" and error["message"] == "No node specified":
        return True
    return error.get("error_subcode") == 33 and error["message"].startswith(f"Unsupported {verb.lower()} request. ")


def send_with_credentials(sent: requests.PreparedRequest, credentials: dict[str, str]) -> requests.Response:
    """Repeat a request with other credentials; `credentials` has the parameter names and `Authorization`."""
    assert sent.url is not None and sent.method is not None
    parts = urlsplit(sent.url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in QUERY_CREDENTIALS]
    query += [(name, value) for name, value in credentials.items() if name in QUERY_CREDENTIALS]
    headers = {name: value for name, value in sent.headers.items() if name.lower() != "authorization"}
    if "Authorization" in credentials:
        headers["Authorization"] = credentials["Authorization"]
    return requests.request(
        sent.method,
        urlunsplit(parts._replace(query=urlencode(query))),
        headers=headers,
        data=sent.body,
        timeout=TIMEOUT_SECONDS,
    )


def enforces_credentials(operation: str, sent: requests.PreparedRequest) -> bool:
    """Repeat a request that succeeded: without credentials, then with each one wrong, then with all wrong.

    `ignored_auth` stops at its first probe, the one without credentials, when
    that is answered with a 400. So the later probes are made here. Once per
    operation is enough, as the check itself holds.
    """
    if operation not in _operations_that_refuse:
        wrong = {name: WRONG_CREDENTIAL for name in QUERY_CREDENTIALS} | {"Authorization": f"Bearer {WRONG_CREDENTIAL}"}
        attempts = [{}, *({name: value} for name, value in wrong.items()), wrong]
        for credentials in attempts:
            answer = send_with_credentials(sent, credentials)
            if not refuses_credentials(answer.status_code, answer.content):
                return False
        _operations_that_refuse.add(operation)
    return True


@schemathesis.check
def credentials_are_enforced(
    context: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """Every operation that answers must refuse missing and wrong credentials, in the Graph form.

    What is confirmed here is noted where `ignored_auth` looks for it, or that
    check would repeat its probe for each of the thousands of answers.
    """
    if 200 <= response.status_code < 300:
        assert enforces_credentials(case.operation.label, response.request), (
            "a request without credentials or with wrong ones must be refused with code 104 or 190"
        )
        if context.auth_enforced_operations is not None:
            context.auth_enforced_operations.add(case.operation.label)


@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext,
    failure: Failure,
    case: schemathesis.Case,
    response: schemathesis.Response,
) -> bool:
    """False drops the failure: it is a refusal in the Graph form."""
    if isinstance(failure, IgnoredAuth):
        # Only an odd status of a refusal may pass, never a request that was let through.
        # `response` is the success that the check started from, not the answer to its probe.
        let_through = failure.scenario is AuthScenario.GENERATED_AUTH or "accepts" in failure.title
        return let_through or not enforces_credentials(case.operation.label, response.request)
    if isinstance(failure, MissingHeaderNotRejected) and failure.header_name.lower() == "authorization":
        return not refuses_credentials(response.status_code, response.content)
    if isinstance(failure, UnsupportedMethodResponse):
        assert response.request.method is not None
        return not refuses_verb(response.request.method, response.status_code, response.content)
    return True
