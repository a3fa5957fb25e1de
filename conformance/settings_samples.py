"""Settings that several parts of the suite store and expect back.

They are kept in one place so that the Python, Node and curl parts ask for the
same behaviour; `node_sdk/cases.mjs` receives them as JSON.
"""

from __future__ import annotations

SETTINGS_EDGE = "messenger_call_settings"

NEVER_CONFIGURED = {
    "audio_enabled": True,
    "icon_enabled": True,
    "video_enabled": False,
    "call_routing": {"ring_target": "META"},
}

CALL_HOURS = {
    "timezone_id": "America/Los_Angeles",
    "weekly_operating_hours": [
        {"day_of_week": "MONDAY", "open_time": "0400", "close_time": "1020"},
        {"day_of_week": "TUESDAY", "open_time": "0900", "close_time": "2359"},
    ],
}

CLOSED_ALL_WEEK = {"timezone_id": "Asia/Kolkata", "weekly_operating_hours": []}

EVERYTHING_CHANGED = {
    "audio_enabled": False,
    "icon_enabled": False,
    "video_enabled": True,
    "call_routing": {"ring_target": "PARTNERS"},
    "call_hours": CALL_HOURS,
}

ONE_FIELD_UPDATES = {name: {name: value} for name, value in EVERYTHING_CHANGED.items()}

# The fourth entry closes before it opens: the path to blame has an index in it.
CALL_HOURS_WITH_ONE_MISTAKE = {
    "timezone_id": "Europe/Berlin",
    "weekly_operating_hours": [
        {"day_of_week": "MONDAY", "open_time": "0900", "close_time": "1700"},
        {"day_of_week": "TUESDAY", "open_time": "0900", "close_time": "1700"},
        {"day_of_week": "WEDNESDAY", "open_time": "0900", "close_time": "1700"},
        {"day_of_week": "THURSDAY", "open_time": "1700", "close_time": "0900"},
    ],
}
BLAMED_CLOSE_TIME = ["call_hours", "weekly_operating_hours", "3", "close_time"]

# Two mistakes far apart: a server that stops at the first one names only one path.
CALL_HOURS_WITH_TWO_MISTAKES = {
    "timezone_id": "Europe/Atlantis",
    "weekly_operating_hours": CALL_HOURS_WITH_ONE_MISTAKE["weekly_operating_hours"],
}
BLAMED_TIMEZONE = ["call_hours", "timezone_id"]
