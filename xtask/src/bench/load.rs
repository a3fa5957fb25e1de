//! Load from `wrk`, and the figures in what it prints.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};

use crate::bench::machine::{CoreTimes, Cores};
use crate::bench::process;
use crate::{command, programs};

/// What is asked of a server, again and again.
#[derive(Debug, Clone)]
pub(crate) struct Workload {
    /// The name in the report.
    pub(crate) name: &'static str,
    /// The server's name in the report.
    pub(crate) contender: &'static str,
    pub(crate) address: SocketAddr,
    /// The path and query of a request; a script may choose its own.
    pub(crate) target: &'static str,
    /// Headers as `Name: value`.
    pub(crate) headers: Vec<String>,
    /// A script of wrk's that makes the requests.
    pub(crate) script: Option<PathBuf>,
}

/// How hard and how long to ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) cores: Cores,
    pub(crate) connections: u32,
    pub(crate) seconds: u32,
}

/// What one run of a load came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measurement {
    pub(crate) figures: Figures,
    /// The share of the time in which the server's core worked, 0 to 1.
    pub(crate) server_core: f64,
    /// The same of the load's core: near 1, the figures are the load's limit, not the server's.
    pub(crate) load_core: f64,
}

/// What wrk printed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Figures {
    pub(crate) requests_per_second: f64,
    /// Half of the requests took no longer than this.
    pub(crate) p50: Duration,
    /// All but one in a hundred took no longer than this.
    pub(crate) p99: Duration,
}

impl Load {
    /// Puts the load on a server; an answer that is no success makes the whole run an error.
    pub(crate) fn run(&self, workload: &Workload) -> anyhow::Result<Measurement> {
        let mut wrk = process::pinned(self.cores.load, &programs::find("wrk")?);
        wrk.args(["--threads", "1", "--latency", "--timeout", "10s"]);
        wrk.arg("--connections").arg(self.connections.to_string());
        wrk.arg("--duration").arg(format!("{}s", self.seconds));
        for header in &workload.headers {
            wrk.arg("--header").arg(header);
        }
        if let Some(script) = &workload.script {
            wrk.arg("--script").arg(script);
        }
        wrk.arg(format!("http://{}{}", workload.address, workload.target));
        let core_times = || -> anyhow::Result<[CoreTimes; 2]> {
            let Cores { server, load } = self.cores;
            Ok([CoreTimes::now(server)?, CoreTimes::now(load)?])
        };
        let [server_before, load_before] = core_times()?;
        let output = command::output(&mut wrk)?;
        let [server_after, load_after] = core_times()?;
        let figures = parse(&output).map_err(|reason| {
            anyhow!(
                "no figures for {} of {}: {reason}; wrk printed:\n{output}",
                workload.name,
                workload.contender
            )
        })?;
        Ok(Measurement {
            figures,
            server_core: server_after.busy_since(server_before),
            load_core: load_after.busy_since(load_before),
        })
    }
}

fn parse(output: &str) -> anyhow::Result<Figures> {
    for trouble in ["Socket errors:", "Non-2xx or 3xx responses:"] {
        if let Some(count) = value(output, trouble) {
            bail!("{trouble} {count}");
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
        assert_eq!(parse(OUTPUT)?, expected);
        Ok(())
    }

    #[test]
    fn a_run_with_failures_is_no_figure() {
        for trouble in [
            "  Socket errors: connect 0, read 3, write 0, timeout 0",
            "  Non-2xx or 3xx responses: 17",
        ] {
            let output = OUTPUT.replace("Requests/sec", &format!("{trouble}\nRequests/sec"));
            let error = parse(&output).map_err(|error| error.to_string());
            assert_eq!(error, Err(trouble.trim().to_owned()));
        }
        assert!(parse(&OUTPUT.replace("60872.25", "0.00")).is_err());
        assert!(parse("").is_err());
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
