//! Load from `wrk`, and the figures in what it prints.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};

use crate::bench::process;
use crate::bench::work::{Figures, Load, Work};
use crate::{command, programs};

/// Requests over HTTP, each connection asking anew as soon as it is answered.
#[derive(Debug, Clone)]
pub(crate) struct Workload {
    /// The name in the report.
    pub(crate) name: String,
    /// The server's name in the report.
    pub(crate) contender: &'static str,
    pub(crate) address: SocketAddr,
    /// The path and query of a request; a script may choose its own.
    pub(crate) target: &'static str,
    /// Headers as `Name: value`.
    pub(crate) headers: Vec<String>,
    /// A script of wrk's that makes the requests.
    pub(crate) script: Option<PathBuf>,
    /// What the script is told.
    pub(crate) arguments: Vec<String>,
    pub(crate) connections: u32,
    /// How many operations one request holds.
    pub(crate) operations: u32,
    pub(crate) expected: Expected,
}

/// What every answer has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    Success,
    /// A status of 400 or more.
    Refusal,
}

impl Work for Workload {
    fn name(&self) -> &str {
        &self.name
    }

    fn contender(&self) -> &'static str {
        self.contender
    }

    fn connections(&self) -> u32 {
        self.connections
    }

    fn operations(&self) -> u32 {
        self.operations
    }

    fn run(&self, load: Load) -> anyhow::Result<Figures> {
        let mut wrk = process::pinned(load.cores.load, &programs::find("wrk")?);
        wrk.args(["--threads", "1", "--latency", "--timeout", "10s"]);
        wrk.arg("--connections").arg(self.connections.to_string());
        wrk.arg("--duration").arg(format!("{}s", load.seconds));
        for header in &self.headers {
            wrk.arg("--header").arg(header);
        }
        if let Some(script) = &self.script {
            wrk.arg("--script").arg(script);
        }
        wrk.arg(format!("http://{}{}", self.address, self.target));
        wrk.arg("--").args(&self.arguments);
        let output = command::output(&mut wrk)?;
        parse(&output, self.expected).map_err(|reason| {
            anyhow!(
                "no figures for {} of {}: {reason}; wrk printed:\n{output}",
                self.name,
                self.contender
            )
        })
    }
}

fn parse(output: &str, expected: Expected) -> anyhow::Result<Figures> {
    let socket_errors = "Socket errors:";
    if let Some(counts) = value(output, socket_errors) {
        bail!("{socket_errors} {counts}");
    }
    let refusals = "Non-2xx or 3xx responses:";
    match (expected, value(output, refusals)) {
        (Expected::Success, None) => {}
        (Expected::Success, Some(count)) => bail!("{refusals} {count}"),
        (Expected::Refusal, count) => {
            let refused = count.unwrap_or("0");
            let answered = answered(output).context("the number of requests is missing")?;
            if refused != answered {
                bail!("of {answered} requests {refused} were refused");
            }
        }
    }
    let requests_per_second: f64 = value(output, "Requests/sec:")
        .context("the rate is missing")?
        .parse()?;
    if requests_per_second <= 0.0 {
        bail!("no request was answered");
    }
    Ok(Figures {
        requests_per_second,
        p50: duration(value(output, "50%").context("p50 is missing")?)?,
        p99: duration(value(output, "99%").context("p99 is missing")?)?,
    })
}

/// How many requests were answered, from the line `N requests in 4.00s, ...`.
fn answered(output: &str) -> Option<&str> {
    output
        .lines()
        .find_map(|line| line.trim().split_once(" requests in "))
        .map(|(count, _)| count)
}

/// What stands behind `name` on the line that starts with it.
fn value<'a>(output: &'a str, name: &str) -> Option<&'a str> {
    output
        .lines()
        .find_map(|line| line.trim().strip_prefix(name))
        .map(str::trim)
}

/// A duration as wrk writes it: `614.00us`, `1.27ms`, `2.01s`, `1.50m`.
fn duration(text: &str) -> anyhow::Result<Duration> {
    let split = text
        .find(|character: char| character.is_ascii_alphabetic())
        .with_context(|| format!("{text} has no unit"))?;
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        _ => bail!("{text} has an unknown unit"),
    };
    Ok(Duration::from_secs_f64(number.parse::<f64>()? * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
Running 4s test @ http://127.0.0.1:8080/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.05ms  214.11us   9.12ms   92.11%
    Req/Sec    61.17k     1.90k   63.70k    85.00%
  Latency Distribution
     50%  614.00us
     75%    1.10ms
     90%    1.22ms
     99%    1.75ms
  243561 requests in 4.00s, 120.11MB read
Requests/sec:  60872.25
Transfer/sec:     30.02MB
";

    #[test]
    fn figures_are_found() -> anyhow::Result<()> {
        let expected = Figures {
            requests_per_second: 60_872.25,
            p50: Duration::from_micros(614),
            p99: Duration::from_micros(1750),
        };
        assert_eq!(parse(OUTPUT, Expected::Success)?, expected);
        Ok(())
    }

    #[test]
    fn a_run_with_failures_is_no_figure() {
        for trouble in [
            "  Socket errors: connect 0, read 3, write 0, timeout 0",
            "  Non-2xx or 3xx responses: 17",
        ] {
            let output = OUTPUT.replace("Requests/sec", &format!("{trouble}\nRequests/sec"));
            let error = parse(&output, Expected::Success).map_err(|error| error.to_string());
            assert_eq!(error, Err(trouble.trim().to_owned()));
        }
        assert!(parse(&OUTPUT.replace("60872.25", "0.00"), Expected::Success).is_err());
        assert!(parse("", Expected::Success).is_err());
    }

    #[test]
    fn where_refusals_are_expected_each_answer_is_one() {
        let refused = |count: u32| {
            let line = format!("  Non-2xx or 3xx responses: {count}\nRequests/sec");
            parse(&OUTPUT.replace("Requests/sec", &line), Expected::Refusal)
        };
        assert!(refused(243_561).is_ok());
        assert!(refused(243_560).is_err());
        assert!(parse(OUTPUT, Expected::Refusal).is_err());
    }

    #[test]
    fn durations_have_units() -> anyhow::Result<()> {
        for (text, expected) in [
            ("614.00us", Duration::from_micros(614)),
            ("1.27ms", Duration::from_micros(1270)),
            ("2.01s", Duration::from_millis(2010)),
            ("1.50m", Duration::from_secs(90)),
        ] {
            assert_eq!(duration(text)?, expected, "{text}");
        }
        assert!(duration("5").is_err());
        assert!(duration("5 parsecs").is_err());
        Ok(())
    }
}
