"""Steer generated requests towards values that the domain allows.

JSON Schema cannot say that a close comes after its open, that a day is listed
once, which dates or time zones exist, or how far apart two instants are. A value that breaks such a rule is valid to
schemathesis and wrong to the server, so every part of a request that is meant
to be valid is moved onto the nearest value that the domain allows. A part that
is meant to be invalid is left exactly as generated.

Importing `graph_refusals` registers the other hook; its reasons are told there.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

import schemathesis

import graph_refusals  # noqa: F401

FIELD_LISTS = (
    "",
    "call_hours",
    "audio_enabled,icon_enabled",
    "call_routing, video_enabled",
    "call_routing,call_hours,audio_enabled,icon_enabled,video_enabled",
)
# Zones of every kind: whole, half and quarter hours, with and without summer time, and aliases.
TIME_ZONES = (
    "America/Los_Angeles", "America/Sao_Paulo", "America/St_Johns", "Africa/Lagos", "Asia/Calcutta",
    "Asia/Kathmandu", "Asia/Tokyo", "Australia/Lord_Howe", "Europe/Berlin", "Europe/Kiev",
    "Pacific/Apia", "Pacific/Chatham", "US/Pacific", "UTC",
)  # fmt: skip
FIRST_INSTANT = datetime(1990, 1, 1, tzinfo=UTC)
SPREAD_SECONDS = 60 * 365 * 86_400
KNOWN_ZONES = frozenset(available_timezones() - {"Factory"})
LARGEST_PAGE_ID = 2**64 - 1
DEMO_PAGE_ID = "1234567890"
# A body may hold members that its schema does not list, and the server ignores what nobody knows. These
# it knows: they are parameters of the call, read from the body as from the query, so a random value is an error.
PARAMETERS_OF_THE_CALL = frozenset(
    {"access_token", "oauth_token", "appsecret_proof", "appsecret_time", "fields", "method"}
)
# The settings. A name that has nearly one of them in it, or whose value holds one at any depth, is an error: it was
# meant as a setting. So is the name of a member of a setting, and a short name.
SETTINGS = frozenset({"audio_enabled", "icon_enabled", "video_enabled", "call_routing", "call_hours"})
MISPLACED = frozenset({"ringtarget", "timezoneid", "weeklyoperatinghours", "audio", "icon", "video", "routing", "hours"})
# Only the present revision matches, and no document can know it; 0 is one that every Page has reached.
LAWFUL_HEADERS = {"If-Match": "*", "Pagebell-Revision-At-Least": "0"}
CLOCK_TIME = re.compile(r"([01][0-9]|2[0-3])[0-5][0-9]")


def is_meant_to_be_valid(case: schemathesis.Case, location: str) -> bool:
    meta = case.meta
    if meta is None:
        return False
    for part, component in meta.components.items():
        if part.value == location:
            return component.mode.is_positive
    return True


def choose(options: tuple[str, ...], generated: object) -> str:
    """An option that depends on the generated value alone, so that a seed repeats a run."""
    return options[sum(repr(generated).encode()) % len(options)]


def real_time_zone(generated: str) -> str:
    return generated if generated in KNOWN_ZONES else choose(TIME_ZONES, generated)


def open_before_close(entry: dict[str, str]) -> dict[str, str]:
    """Order the two times; equal ones are pulled apart towards midnight."""
    first, last = sorted((entry["open_time"], entry["close_time"]))
    if first == last:
        first, last = ("0000", max(last, "0001"))
    return entry | {"open_time": first, "close_time": last}


def is_operating_hours(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("day_of_week"), str)
        and all(
            isinstance(entry.get(name), str) and CLOCK_TIME.fullmatch(entry[name])
            for name in ("open_time", "close_time")
        )
    )


def lawful_call_hours(call_hours: dict[str, Any]) -> dict[str, Any]:
    """The same hours with a real zone, each day once and each close after its open."""
    entries = call_hours.get("weekly_operating_hours")
    zone = call_hours.get("timezone_id")
    if not isinstance(zone, str) or not isinstance(entries, list) or not all(map(is_operating_hours, entries)):
        return call_hours
    once_a_day = {entry["day_of_week"].upper(): open_before_close(entry) for entry in entries}
    return call_hours | {
        "timezone_id": real_time_zone(zone),
        "weekly_operating_hours": list(once_a_day.values()),
    }


def lawful_page_id(page_id: object) -> str:
    """`me` stands for the only Page of a token, and the token of this run covers all Pages."""
    text = str(page_id)
    if not text.isdecimal():
        return DEMO_PAGE_ID
    return text if int(text) <= LARGEST_PAGE_ID else text[:19]


def lawful_fields(case: schemathesis.Case) -> object:
    """Field names where the document says no more than "string", as the published page does."""
    fields = case.query["fields"]
    parameter = case.operation.query.get("fields")
    if parameter is None or "pattern" in parameter.definition.get("schema", {}) or not isinstance(fields, str):
        return fields
    return choose(FIELD_LISTS, fields)


def lawful_span(query: dict[str, Any]) -> dict[str, Any]:
    """Instants that exist, and an `until` a few days after `at`. Without `at` the present counts."""
    lawful = dict(query)
    at = datetime.now(UTC)
    if "at" in query:
        at = FIRST_INSTANT + timedelta(seconds=sum(repr(query["at"]).encode()) * 86_413 % SPREAD_SECONDS)
        is_number = str(query["at"]).lstrip("-").replace(".", "", 1).isdecimal()
        lawful["at"] = str(int(at.timestamp())) if is_number else at.isoformat()
    if "until" in query:
        lawful["until"] = (at + timedelta(days=1 + sum(repr(query["until"]).encode()) % 300)).isoformat()
    return lawful


def squashed(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


def names_a_setting(text: str) -> bool:
    return any(squashed(setting) in squashed(text) for setting in SETTINGS)


def holds_a_setting(value: object) -> bool:
    """Whether an object in a value has the name of a setting; JSON in a text may have it too."""
    if isinstance(value, dict):
        return any(
            names_a_setting(name) or squashed(name) in MISPLACED or holds_a_setting(member)
            for name, member in value.items()
        )
    if isinstance(value, list):
        return any(map(holds_a_setting, value))
    return isinstance(value, str) and names_a_setting(value)


def is_misplaced(name: str, value: object) -> bool:
    return name not in SETTINGS and (
        names_a_setting(name) or squashed(name) in MISPLACED or holds_a_setting(value)
    )


def lawful_body(body: dict[str, Any], is_update: bool) -> dict[str, Any]:
    lawful = {
        name: value
        for name, value in body.items()
        if name not in PARAMETERS_OF_THE_CALL and not (is_update and is_misplaced(name, value))
    }
    if isinstance(lawful.get("call_hours"), dict):
        lawful["call_hours"] = lawful_call_hours(lawful["call_hours"])
    return lawful


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: schemathesis.Case) -> schemathesis.Case:
    if case.path_parameters and is_meant_to_be_valid(case, "path"):
        page_id = case.path_parameters.get("page_id")
        if page_id is not None and lawful_page_id(page_id) != page_id:
            case.path_parameters = {**case.path_parameters, "page_id": lawful_page_id(page_id)}
    if case.query and "fields" in case.query and is_meant_to_be_valid(case, "query"):
        fields = lawful_fields(case)
        if fields != case.query["fields"]:
            case.query = {**case.query, "fields": fields}
    if case.query and ("at" in case.query or "until" in case.query) and is_meant_to_be_valid(case, "query"):
        case.query = lawful_span(case.query)
    if case.headers and is_meant_to_be_valid(case, "header"):
        for name, value in LAWFUL_HEADERS.items():
            if name in case.headers:
                case.headers = {**case.headers, name: value}
    if isinstance(case.body, dict) and is_meant_to_be_valid(case, "body"):
        body = lawful_body(case.body, case.path.endswith("/messenger_call_settings"))
        if body != case.body:
            case.body = body
    return case


@schemathesis.hook
def before_add_examples(context: schemathesis.HookContext, examples: list[schemathesis.Case]) -> None:
    """Examples miss the hook above, and what a document gives no example for is generated there too."""
    examples[:] = [map_case(context, case) for case in examples]
