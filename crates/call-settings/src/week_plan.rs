//! A week as people plan it, made into lawful call hours.

use std::fmt;

use crate::clock_time::DAY_MINUTES;
use crate::{CallHours, ClockTime, DayOfWeek, HoursLimits, OperatingHours, TimeZoneId};

/// A planned span, in minutes since midnight of the day on which it starts. It may run past the
/// next midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlannedSpan {
    open: u16,
    close: u16,
}

impl PlannedSpan {
    /// A span from `open`, 0 to 1439, to `close`, which is after it and at most 1440 minutes later.
    pub const fn new(open: u16, close: u16) -> Option<Self> {
        if open < DAY_MINUTES && open < close && close <= open + DAY_MINUTES {
            Some(Self { open, close })
        } else {
            None
        }
    }

    /// The minute at which it opens, 0 to 1439.
    pub const fn open(self) -> u16 {
        self.open
    }

    /// The minute at which it closes, 1 to 2879.
    pub const fn close(self) -> u16 {
        self.close
    }

    fn overlaps(self, other: Self) -> bool {
        self.open < other.close && other.open < self.close
    }
}

/// Writes `20:00-02:00`; midnight at the end of the day is `24:00`.
impl fmt::Display for PlannedSpan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let close = if self.close > DAY_MINUTES {
            self.close - DAY_MINUTES
        } else {
            self.close
        };
        let (open_hour, open_minute) = (self.open / 60, self.open % 60);
        let (close_hour, close_minute) = (close / 60, close % 60);
        write!(
            formatter,
            "{open_hour:02}:{open_minute:02}-{close_hour:02}:{close_minute:02}"
        )
    }
}

impl From<OperatingHours> for PlannedSpan {
    fn from(hours: OperatingHours) -> Self {
        Self {
            open: hours.start_minute(),
            close: hours.end_minute(),
        }
    }
}

/// What is planned for each day of the week.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WeekPlan {
    days: [Vec<PlannedSpan>; 7],
}

/// Why a plan makes no lawful call hours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeekPlanError {
    /// A day has more spans than it may have.
    #[error(
        "{} has {count} spans, but a day may have {limit}: join them, or allow more entries per day on this command and on the server",
        day.title()
    )]
    TooMany {
        /// The day.
        day: DayOfWeek,
        /// How many it has.
        count: usize,
        /// The most that it may have.
        limit: u8,
    },
    /// Two spans of a day share minutes.
    #[error("{} {first} and {second} overlap: join them", day.title())]
    Overlap {
        /// The day.
        day: DayOfWeek,
        /// The span that starts first.
        first: PlannedSpan,
        /// The other.
        second: PlannedSpan,
    },
    /// A span past midnight needs room on a day that has none.
    #[error(
        "{} {span} runs past midnight into {}, which {}: end it at 24:00, or make room on {}",
        day.title(), day.next().title(), occupied, day.next().title()
    )]
    NoRoom {
        /// The day on which the span starts.
        day: DayOfWeek,
        /// The span.
        span: PlannedSpan,
        /// What the next day is or has.
        occupied: Occupied,
    },
    /// 23:59 and 24:00 are the same on the wire, so nothing can open at 23:59.
    #[error("{} {span} opens at 23:59, which the wire cannot write: open a minute earlier", day.title())]
    OpensAtLastMinute {
        /// The day.
        day: DayOfWeek,
        /// The span.
        span: PlannedSpan,
    },
}

/// Why a day takes no rest of a span of the day before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occupied {
    /// It has these hours of its own, and may have no more entries.
    Full(Vec<PlannedSpan>, u8),
    /// It has this span, which overlaps.
    Overlap(PlannedSpan),
}

impl fmt::Display for Occupied {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(spans, limit) => {
                let spans: Vec<String> = spans.iter().map(ToString::to_string).collect();
                let spans = spans.join(", ");
                write!(
                    formatter,
                    "has hours of its own ({spans}; entries a day may have: {limit})"
                )
            }
            Self::Overlap(span) => write!(formatter, "is open {span} already"),
        }
    }
}

impl WeekPlan {
    /// Plans a span that starts on this day.
    pub fn open(&mut self, day: DayOfWeek, span: PlannedSpan) {
        self.days[day.days_since_monday()].push(span);
    }

    /// Takes back the spans that start on this day. What runs into it from the day before stays.
    pub fn close(&mut self, day: DayOfWeek) {
        self.days[day.days_since_monday()].clear();
    }

    /// The call hours that the plan is, in the order of the week. Spans that touch are one. A span
    /// past midnight becomes two entries, where the other day has room.
    pub fn into_call_hours(
        mut self,
        timezone_id: TimeZoneId,
        limits: HoursLimits,
    ) -> Result<CallHours, WeekPlanError> {
        let limit = limits.max_entries_per_day();
        for (day, spans) in DayOfWeek::ALL.into_iter().zip(&mut self.days) {
            *spans = joined(day, std::mem::take(spans))?;
            if spans.len() > usize::from(limit) {
                return Err(WeekPlanError::TooMany {
                    day,
                    count: spans.len(),
                    limit,
                });
            }
        }
        let mut entries = Vec::new();
        for day in DayOfWeek::ALL {
            let mut parts: Vec<PlannedSpan> = self.days[day.days_since_monday()]
                .iter()
                .map(|span| PlannedSpan {
                    open: span.open,
                    close: span.close.min(DAY_MINUTES),
                })
                .collect();
            self.add_rest(day, &mut parts, limit)?;
            for part in parts {
                entries.push(entry(day, part)?);
            }
        }
        Ok(CallHours::new(timezone_id, entries, limits)
            .expect("days, limits and overlaps were looked at"))
    }

    /// Adds to the parts of a day what the last span of the day before leaves for it.
    fn add_rest(
        &self,
        day: DayOfWeek,
        parts: &mut Vec<PlannedSpan>,
        limit: u8,
    ) -> Result<(), WeekPlanError> {
        let before = DayOfWeek::ALL[(day.days_since_monday() + 6) % 7];
        let last = self.days[before.days_since_monday()].last();
        let Some(&span) = last.filter(|span| span.close > DAY_MINUTES) else {
            return Ok(());
        };
        let rest = PlannedSpan {
            open: 0,
            close: span.close - DAY_MINUTES,
        };
        let no_room = |occupied| WeekPlanError::NoRoom {
            day: before,
            span,
            occupied,
        };
        match parts.first() {
            Some(own) if own.overlaps(rest) => {
                return Err(no_room(Occupied::Overlap(*own)));
            }
            Some(own) if own.open == rest.close => parts[0].open = 0,
            _ if parts.len() >= usize::from(limit) => {
                return Err(no_room(Occupied::Full(parts.clone(), limit)));
            }
            _ => parts.insert(0, rest),
        }
        Ok(())
    }
}

/// The spans of a day in their order, those that touch joined.
fn joined(day: DayOfWeek, mut spans: Vec<PlannedSpan>) -> Result<Vec<PlannedSpan>, WeekPlanError> {
    spans.sort_unstable();
    let mut joined: Vec<PlannedSpan> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if last.overlaps(span) => {
                return Err(WeekPlanError::Overlap {
                    day,
                    first: *last,
                    second: span,
                });
            }
            Some(last) if last.close == span.open => last.close = span.close,
            _ => joined.push(span),
        }
    }
    Ok(joined)
}

/// The entry of a span that lies within its day.
fn entry(day: DayOfWeek, span: PlannedSpan) -> Result<OperatingHours, WeekPlanError> {
    let time = |minute: u16| {
        if minute == DAY_MINUTES {
            ClockTime::LAST_MINUTE
        } else {
            ClockTime::new(minute / 60, minute % 60).expect("a minute of the day")
        }
    };
    OperatingHours::new(day, time(span.open), time(span.close))
        .map_err(|_error| WeekPlanError::OpensAtLastMinute { day, span })
}

#[cfg(test)]
mod tests {
    use super::*;
    use DayOfWeek::{Friday, Monday, Saturday, Sunday};

    fn made(spans: &[(DayOfWeek, u16, u16)], limit: u8) -> Result<Vec<String>, String> {
        let mut plan = WeekPlan::default();
        for (day, open, close) in spans {
            plan.open(*day, PlannedSpan::new(*open, *close).unwrap());
        }
        into_texts(plan, limit)
    }

    fn into_texts(plan: WeekPlan, limit: u8) -> Result<Vec<String>, String> {
        let limits = HoursLimits::new(limit).unwrap();
        let hours = plan.into_call_hours("UTC".parse().unwrap(), limits);
        let hours = hours.map_err(|error| error.to_string())?;
        let entries = hours.weekly_operating_hours().iter();
        Ok(entries
            .map(|entry| {
                format!(
                    "{} {}-{}",
                    entry.day().short_title(),
                    entry.open(),
                    entry.close()
                )
            })
            .collect())
    }

    #[test]
    fn a_span_past_midnight_takes_two_days() {
        assert_eq!(
            made(&[(Friday, 1200, 1560)], 1).unwrap(),
            [
                "Fri 1200-2359".replace("1200", "2000"),
                "Sat 0000-0200".to_owned()
            ]
        );
        assert_eq!(
            made(&[(Sunday, 1200, 1560)], 1).unwrap(),
            ["Mon 0000-0200", "Sun 2000-2359"]
        );
        assert_eq!(
            made(&[(Friday, 1200, 1560), (Saturday, 600, 840)], 2).unwrap(),
            ["Fri 2000-2359", "Sat 0000-0200", "Sat 1000-1400"]
        );
    }

    #[test]
    fn without_room_the_reason_is_told() {
        let refused = |spans, limit| made(spans, limit).unwrap_err();
        assert_eq!(
            refused(&[(Friday, 1200, 1560), (Saturday, 600, 840)], 1),
            "Friday 20:00-02:00 runs past midnight into Saturday, which has hours of its own \
             (10:00-14:00; entries a day may have: 1): end it at 24:00, or make room on Saturday"
        );
        assert_eq!(
            refused(&[(Friday, 1200, 1560), (Saturday, 60, 840)], 2),
            "Friday 20:00-02:00 runs past midnight into Saturday, which is open 01:00-14:00 \
             already: end it at 24:00, or make room on Saturday"
        );
        assert_eq!(
            refused(&[(Monday, 540, 720), (Monday, 780, 1020)], 1),
            "Monday has 2 spans, but a day may have 1: join them, or allow more entries per day on \
             this command and on the server"
        );
        assert_eq!(
            refused(&[(Monday, 540, 720), (Monday, 660, 1020)], 1),
            "Monday 09:00-12:00 and 11:00-17:00 overlap: join them"
        );
        assert!(refused(&[(Monday, 1439, 1440)], 1).contains("opens at 23:59"));
    }

    #[test]
    fn spans_that_touch_are_one() {
        assert_eq!(
            made(&[(Monday, 540, 720), (Monday, 720, 1020)], 1).unwrap(),
            ["Mon 0900-1700"]
        );
        assert_eq!(
            made(&[(Friday, 1200, 1560), (Saturday, 120, 600)], 1).unwrap(),
            ["Fri 2000-2359", "Sat 0000-1000"]
        );
    }

    #[test]
    fn a_closed_day_may_have_the_rest_of_the_day_before() {
        let mut plan = WeekPlan::default();
        plan.open(Friday, PlannedSpan::new(1200, 1560).unwrap());
        plan.close(Saturday);
        assert_eq!(
            into_texts(plan, 1).unwrap(),
            ["Fri 2000-2359", "Sat 0000-0200"]
        );
    }

    #[test]
    fn closing_a_day_takes_back_what_was_planned() {
        let mut plan = WeekPlan::default();
        plan.open(Monday, PlannedSpan::new(540, 1020).unwrap());
        plan.close(Monday);
        assert_eq!(into_texts(plan.clone(), 1).unwrap(), Vec::<String>::new());
        plan.open(Monday, PlannedSpan::new(0, 1440).unwrap());
        assert_eq!(into_texts(plan, 1).unwrap(), ["Mon 0000-2359"]);
    }

    #[test]
    fn spans_are_up_to_a_day_long() {
        assert!(PlannedSpan::new(0, 1440).is_some());
        assert!(PlannedSpan::new(1200, 2640).is_some());
        for (open, close) in [(1440, 1500), (600, 600), (600, 500), (1200, 2641)] {
            assert_eq!(PlannedSpan::new(open, close), None);
        }
    }
}
