//! Pictures of open spans, as SVG that fits light and dark pages.

use std::fmt::Write;

use call_settings::{CallAvailability, Medium};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const WIDTH: i64 = 720;
const LEFT: i64 = 24;
const TRACK_WIDTH: i64 = WIDTH - 2 * LEFT;
const TRACK_HEIGHT: i64 = 104;

/// A stretch of time: what the clock shows in it, and when calls are taken.
pub(crate) struct Track {
    title: String,
    minutes: i64,
    /// Minutes after the start, and what the clock then shows.
    labels: Vec<(i64, String)>,
    /// Where the clock jumps: minutes after the start, and the two times.
    jumps: Vec<(i64, String)>,
    /// Open from and to, in minutes after the start.
    spans: Vec<(i64, i64)>,
}

impl Track {
    pub(crate) fn new(
        title: &str,
        availability: &CallAvailability,
        start: Timestamp,
        minutes: i64,
        step: i64,
    ) -> Self {
        let zone = availability.time_zone();
        let at = |minute: i64| start + SignedDuration::from_mins(minute);
        let after = |instant: Timestamp| instant.duration_since(start).as_mins();
        let mut labels = Vec::new();
        let mut jumps = Vec::new();
        for minute in 0..=minutes {
            let (before, now) = (offset(&zone, at(minute - 1)), offset(&zone, at(minute)));
            let shown = shown(&zone, at(minute));
            if minute > 0 && before != now {
                let would_show = jiff::tz::Offset::from_seconds(before)
                    .unwrap()
                    .to_datetime(at(minute));
                let format = if (now - before).abs() > 12 * 3600 {
                    "%a %H:%M"
                } else {
                    "%H:%M"
                };
                let text = format!(
                    "{} \u{2192} {}",
                    would_show.strftime(format),
                    shown.strftime(format)
                );
                jumps.push((minute, text));
            }
            let of_day = i64::from(shown.hour()) * 60 + i64::from(shown.minute());
            if of_day % step == 0 {
                labels.push((minute, shown.strftime("%H:%M").to_string()));
            }
        }
        Self {
            title: title.to_owned(),
            minutes,
            labels,
            jumps,
            spans: availability
                .open_intervals(Medium::Audio, start, at(minutes))
                .map(|open| (after(open.start), after(open.end)))
                .collect(),
        }
    }

    fn x(&self, minute: i64) -> i64 {
        LEFT + minute * TRACK_WIDTH / self.minutes
    }

    fn draw(&self, svg: &mut String, top: i64) {
        let (title_y, bar_y, label_y) = (top + 16, top + 48, top + 88);
        writeln!(
            svg,
            r#"<text class="title" x="{LEFT}" y="{title_y}">{}</text>"#,
            self.title
        )
        .unwrap();
        writeln!(
            svg,
            r#"<rect class="closed" x="{LEFT}" y="{bar_y}" width="{TRACK_WIDTH}" height="22" rx="3"/>"#
        )
        .unwrap();
        for (from, to) in &self.spans {
            let (x, end) = (self.x(*from), self.x(*to));
            let width = end - x;
            writeln!(
                svg,
                r#"<rect class="open" x="{x}" y="{bar_y}" width="{width}" height="22" rx="3"/>"#
            )
            .unwrap();
        }
        for (minute, text) in &self.labels {
            let x = self.x(*minute);
            let bottom = bar_y + 27;
            writeln!(svg, r#"<path class="tick" d="M{x} {bar_y}V{bottom}"/>"#).unwrap();
            writeln!(svg, r#"<text x="{x}" y="{label_y}">{text}</text>"#).unwrap();
        }
        for (minute, text) in &self.jumps {
            let x = self.x(*minute);
            let (from, to) = (bar_y - 8, bar_y + 27);
            let text_y = bar_y - 12;
            writeln!(svg, r#"<path class="jump" d="M{x} {from}V{to}"/>"#).unwrap();
            writeln!(
                svg,
                r#"<text class="jump-text" x="{x}" y="{text_y}">{text}</text>"#
            )
            .unwrap();
        }
    }
}

/// Draws tracks one under the other.
pub(crate) fn draw(description: &str, tracks: &[Track]) -> String {
    let height = TRACK_HEIGHT * i64::try_from(tracks.len()).unwrap() + 4;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>{description}</title>\n\
         <style>\n\
         text {{ font: 11px system-ui, sans-serif; fill: #57606a; text-anchor: middle; }}\n\
         .title {{ font-weight: 600; fill: #1f2328; text-anchor: start; }}\n\
         .closed {{ fill: #d8dee4; }} .open {{ fill: #1a7f37; }}\n\
         .tick {{ stroke: #8c959f; }} .jump {{ stroke: #bc4c00; stroke-width: 2; }}\n\
         .jump-text {{ fill: #bc4c00; font-weight: 600; }}\n\
         @media (prefers-color-scheme: dark) {{\n\
         text {{ fill: #9198a1; }} .title {{ fill: #f0f6fc; }} .closed {{ fill: #3d444d; }} .open {{ fill: #3fb950; }}\n\
         .tick {{ stroke: #656c76; }} .jump {{ stroke: #f0883e; }} .jump-text {{ fill: #f0883e; }}\n\
         }}\n\
         </style>\n"
    );
    let mut top = 0;
    for track in tracks {
        track.draw(&mut svg, top);
        top += TRACK_HEIGHT;
    }
    svg.push_str("</svg>\n");
    svg
}

fn offset(zone: &TimeZone, at: Timestamp) -> i32 {
    zone.to_offset(at).seconds()
}

fn shown(zone: &TimeZone, at: Timestamp) -> jiff::civil::DateTime {
    zone.to_datetime(at)
}
