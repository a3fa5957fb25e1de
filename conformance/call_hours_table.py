"""Makes tables of call hours and when they open and close, with Python's zoneinfo.

Each line is a case: a zone, hours, an instant (Unix seconds), a number of minutes, whether the hours
are open at the instant (o or c), and the minutes after it at which open and closed change places.
Every minute is looked at on its own, on the wall clock that zoneinfo shows.

    python conformance/call_hours_table.py          a sample: one case for each zone
    python conformance/call_hours_table.py --all    every zone, every day with a change of the clock
"""

import argparse
import random
import sys
import zoneinfo
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime

import tzdata

# The data of the package that requirements.txt pins, never the machine's.
zoneinfo.reset_tzpath(())

# The data's placeholder for machines whose zone nobody has set yet.
NO_ZONES = {"Factory"}
FIRST_DAY = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp()) // 86400
LAST_DAY = int(datetime(2037, 12, 28, tzinfo=UTC).timestamp()) // 86400
DAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]

# Times that changes of the clock are likely to hit.
LIKELY_MINUTES = [0, 30, 60, 90, 120, 150, 180, 240, 1380, 1410, 1439]


def days_with_a_change(zone):
    """The days, counted from 1970, in which the zone's offset changes."""
    found = []
    before = None
    for day in range(FIRST_DAY, LAST_DAY + 1):
        offset = datetime.fromtimestamp(day * 86400, zone).utcoffset()
        if before is not None and offset != before:
            found.append(day - 1)
        before = offset
    return found


def random_hours(dice, days):
    """Entries for these weekdays: up to three a day, none overlapping, as (day, open, close)."""
    entries = []
    for day in days:
        minutes = set()
        while len(minutes) < 2 * dice.choice([0, 1, 1, 2, 3]):
            likely = dice.random() < 0.4
            minutes.add(dice.choice(LIKELY_MINUTES) if likely else dice.randrange(0, dice.choice([300, 1440])))
        ordered = sorted(minutes)
        entries += [(day, *pair) for pair in zip(ordered[::2], ordered[1::2])]
    return entries


def is_open(entries, zone, second):
    local = datetime.fromtimestamp(second, zone)
    minute = local.hour * 60 + local.minute
    day = local.weekday()
    for entry_day, opens, closes in entries:
        # A close of 23:59 runs to midnight.
        if entry_day == day and opens <= minute and (minute < closes or closes == 1439):
            return True
    return False


def case(name, day, length, dice):
    """The line of the case that starts on the day before `day` (UTC) and has `length` days."""
    zone = zoneinfo.ZoneInfo(name)
    start = (day - 1) * 86400 + dice.randrange(0, 1440) * 60
    weekdays = {datetime.fromtimestamp(start + half * 43200, zone).weekday() for half in range(2 * length + 2)}
    entries = random_hours(dice, sorted(weekdays))
    first = was_open = is_open(entries, zone, start)
    flips = []
    for minute in range(1, length * 1440):
        now_open = is_open(entries, zone, start + minute * 60)
        if now_open != was_open:
            flips.append(minute)
            was_open = now_open
    hours = ",".join(f"{DAYS[d]}{o // 60:02}{o % 60:02}-{c // 60:02}{c % 60:02}" for d, o, c in entries)
    return f"{name};{hours};{start};{length * 1440};{'o' if first else 'c'};{' '.join(map(str, flips))}"


def lines_of(job):
    """The lines of one zone."""
    name, every_change = job
    dice = random.Random(name)
    changes = days_with_a_change(zoneinfo.ZoneInfo(name))
    if not every_change:
        day = dice.choice(changes) if changes else dice.randrange(FIRST_DAY, LAST_DAY)
        return [case(name, day, 2, dice)]
    days = changes or [dice.randrange(FIRST_DAY, LAST_DAY)]
    return [case(name, day, 3, dice) for day in days]


def table(every_change):
    """The lines of the whole table."""
    yield f"# tzdata {tzdata.IANA_VERSION}"
    jobs = [(name, every_change) for name in sorted(zoneinfo.available_timezones() - NO_ZONES)]
    with ProcessPoolExecutor() as processes:
        for lines in processes.map(lines_of, jobs, chunksize=8):
            yield from lines


def main():
    options = argparse.ArgumentParser(description="Makes a table of call hours with Python's zoneinfo.")
    options.add_argument("--all", action="store_true", help="every zone and every change, 2020 to 2037")
    for line in table(options.parse_args().all):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
