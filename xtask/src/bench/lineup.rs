//! The servers of one run, all giving the same answer for the same Page.

use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::bench::contender::{self, Contender, Pagebell};
use crate::bench::exchange::{Answer, Request, exchange};
use crate::bench::load::Workload;
use crate::bench::nginx::{self, Files};

/// The path of the Page that `--dev` makes.
pub(crate) const SETTINGS: &str = "/v26.0/1234567890/messenger_call_settings";

/// What that Page is set to, so that an answer holds all five fields.
const FULL_SETTINGS: &str = r#"{"audio_enabled":true,"icon_enabled":true,"video_enabled":true,
"call_routing":{"ring_target":"PARTNERS"},"call_hours":{"timezone_id":"Europe/Berlin",
"weekly_operating_hours":[
{"day_of_week":"MONDAY","open_time":"0900","close_time":"1730"},
{"day_of_week":"TUESDAY","open_time":"0900","close_time":"1730"},
{"day_of_week":"WEDNESDAY","open_time":"0900","close_time":"1730"},
{"day_of_week":"THURSDAY","open_time":"0900","close_time":"1730"},
{"day_of_week":"FRIDAY","open_time":"0900","close_time":"1600"}]}}"#;

/// The programs to measure.
#[derive(Debug)]
pub(crate) struct Binaries {
    pub(crate) pagebell: PathBuf,
    pub(crate) bare_hyper: PathBuf,
}

/// The running servers; dropping them stops them.
#[derive(Debug)]
pub(crate) struct Lineup {
    pub(crate) pagebell: Contender,
    pub(crate) nginx: Contender,
    pub(crate) nginx_kept_open: Contender,
    pub(crate) bare_hyper: Contender,
    /// The header that every request carries, whoever answers it.
    authorization: String,
}

impl Lineup {
    /// Starts all servers on one core, and checks that they give the same answer.
    pub(crate) fn start(
        binaries: &Binaries,
        directory: &Path,
        core: usize,
    ) -> anyhow::Result<Self> {
        let Pagebell {
            contender: pagebell,
            token,
        } = contender::pagebell(&binaries.pagebell, directory, core)?;
        let authorization = format!("Authorization: Bearer {token}");
        ask(&pagebell, &authorization, Some(FULL_SETTINGS))?;
        let answer = ask(&pagebell, &authorization, None)?;

        let nginx = |files| nginx::start(files, directory, core, SETTINGS, &answer.body);
        let lineup = Self {
            pagebell,
            nginx: nginx(Files::Opened)?,
            nginx_kept_open: nginx(Files::KeptOpen)?,
            bare_hyper: contender::bare_hyper(&binaries.bare_hyper, directory, core, &answer)?,
            authorization,
        };
        for other in [&lineup.nginx, &lineup.nginx_kept_open, &lineup.bare_hyper] {
            if ask(other, &lineup.authorization, None)?.body != answer.body {
                bail!("{} answers with other bytes than pagebell", other.name);
            }
        }
        Ok(lineup)
    }

    /// A workload of GETs with the token.
    pub(crate) fn get(
        &self,
        contender: &Contender,
        name: &'static str,
        target: &'static str,
    ) -> Workload {
        Workload {
            name,
            contender: contender.name,
            address: contender.address,
            target,
            headers: vec![self.authorization.clone()],
            script: None,
        }
    }

    /// Stops all servers; this project's own has to end in good order.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        for other in [self.nginx, self.nginx_kept_open, self.bare_hyper] {
            other.process.stop()?;
        }
        let status = self.pagebell.process.stop()?;
        if !status.success() {
            bail!("pagebell ended with {status} when asked to stop");
        }
        Ok(())
    }
}

fn ask(contender: &Contender, authorization: &str, body: Option<&str>) -> anyhow::Result<Answer> {
    let request = Request {
        target: SETTINGS,
        authorization,
        body,
    };
    exchange(contender.address, request)
}
