//! The servers of one run, all giving the same answer for the same Page.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::bench::builds::Binaries;
use crate::bench::contender::{self, Contender, Pagebell};
use crate::bench::exchange::{Answer, Request, exchange};
use crate::bench::load::{Expected, Workload};
use crate::bench::nginx::{self, Files};
use crate::bench::paced::PacedPosts;

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

/// The script whose POSTs each change something.
const POST_SCRIPT: &str = include_str!("post_call_hours.lua");

/// The running servers; dropping them stops them.
#[derive(Debug)]
pub(crate) struct Lineup {
    pub(crate) pagebell: Contender,
    pub(crate) nginx: Contender,
    pub(crate) nginx_kept_open: Contender,
    pub(crate) bare_hyper: Contender,
    pub(crate) plain_axum: Contender,
    /// What all of them answer to a GET of the Page's settings.
    pub(crate) answer: Answer,
    /// The token that every request carries, whoever answers it.
    pub(crate) token: String,
    post_script: PathBuf,
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
        configure(&pagebell, &token)?;
        let answer = ask(&pagebell, &token, None)?;

        let post_script = directory.join("post_call_hours.lua");
        fs::write(&post_script, POST_SCRIPT)
            .with_context(|| format!("cannot write {}", post_script.display()))?;
        let nginx = |files| nginx::start(files, directory, core, SETTINGS, &answer.body);
        let fixed_answer =
            |name, binary| contender::fixed_answer(name, binary, directory, core, &answer);
        let lineup = Self {
            pagebell,
            nginx: nginx(Files::Opened)?,
            nginx_kept_open: nginx(Files::KeptOpen)?,
            bare_hyper: fixed_answer("bare-hyper", &binaries.bare_hyper)?,
            plain_axum: fixed_answer("plain-axum", &binaries.plain_axum)?,
            answer,
            token,
            post_script,
        };
        for other in [
            &lineup.nginx,
            &lineup.nginx_kept_open,
            &lineup.bare_hyper,
            &lineup.plain_axum,
        ] {
            lineup.check_answer(other)?;
        }
        Ok(lineup)
    }

    /// Checks that a contender answers with the same bytes as the server of this project.
    pub(crate) fn check_answer(&self, contender: &Contender) -> anyhow::Result<()> {
        if ask(contender, &self.token, None)?.body != self.answer.body {
            bail!("{} answers with other bytes than pagebell", contender.name);
        }
        Ok(())
    }

    /// Configures the Page on another server of this project, and checks that it answers the same.
    pub(crate) fn check_configured(&self, other: &Pagebell) -> anyhow::Result<()> {
        configure(&other.contender, &other.token)?;
        if ask(&other.contender, &other.token, None)?.body != self.answer.body {
            bail!("{} answers with other bytes", other.contender.name);
        }
        Ok(())
    }

    /// A workload of GETs with the token.
    pub(crate) fn get(
        &self,
        contender: &Contender,
        name: impl Into<String>,
        target: &'static str,
        connections: u32,
    ) -> Workload {
        Workload {
            name: name.into(),
            contender: contender.name,
            address: contender.address,
            target,
            headers: vec![authorization(&self.token)],
            script: None,
            arguments: Vec::new(),
            connections,
            operations: 1,
            expected: Expected::Success,
        }
    }

    /// A workload of updates, one in `every` requests; the others are GETs.
    pub(crate) fn post(
        &self,
        contender: &Contender,
        name: impl Into<String>,
        every: u32,
        connections: u32,
    ) -> Workload {
        Workload {
            script: Some(self.post_script.clone()),
            arguments: vec![every.to_string()],
            ..self.get(contender, name, SETTINGS, connections)
        }
    }

    /// Updates of this project's server at a fixed rate.
    pub(crate) fn paced_posts(&self, connections: u32, per_second: u32) -> PacedPosts {
        PacedPosts {
            contender: self.pagebell.name,
            address: self.pagebell.address,
            authorization: authorization(&self.token),
            connections,
            per_second,
        }
    }

    /// Stops all servers; this project's own has to end in good order.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        for other in [
            self.nginx,
            self.nginx_kept_open,
            self.bare_hyper,
            self.plain_axum,
        ] {
            other.process.stop()?;
        }
        self.pagebell.stop()
    }
}

/// The header that carries a token.
pub(crate) fn authorization(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

/// Sets the Page to the settings that are read.
pub(crate) fn configure(contender: &Contender, token: &str) -> anyhow::Result<()> {
    ask(contender, token, Some(FULL_SETTINGS)).map(drop)
}

fn ask(contender: &Contender, token: &str, body: Option<&str>) -> anyhow::Result<Answer> {
    let request = Request {
        target: SETTINGS,
        authorization: &authorization(token),
        body,
    };
    exchange(contender.address, request)
}
