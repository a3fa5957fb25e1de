"""The committed table of call hours is what zoneinfo says. The engine is held against it by
crates/call-settings/tests/availability."""

from pathlib import Path

import pytest

from call_hours_table import table

pytestmark = pytest.mark.part("call-hours")

COMMITTED = Path(__file__).with_name("call_hours_table.txt")


def test_the_committed_table_is_what_zoneinfo_says():
    made = "".join(line + "\n" for line in table(every_change=False))
    assert made.count("\n") > 500
    assert made == COMMITTED.read_text(), (
        "make it anew: python conformance/call_hours_table.py > conformance/call_hours_table.txt"
    )
