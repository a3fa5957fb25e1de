//! Reads and updates of a small store, beside the other contenders.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::{Part, Run};
use crate::bench::contender::{self, Contender, Pagebell};
use crate::bench::disk::SyncedWrites;
use crate::bench::exchange::{Request, send};
use crate::bench::lineup::{Lineup, SETTINGS, authorization};
use crate::bench::load::{Expected, Workload};
use crate::bench::postgres::Postgres;
use crate::bench::rounds::{self, Outcome};
use crate::bench::work::Work;
use crate::bench::{fastapi, prism};

/// How many connections ask, where nothing else is said.
pub(crate) const CONNECTIONS: u32 = 64;
/// Updates a second where they are paced.
pub(crate) const PACE: u32 = 1000;

/// The names of works in the report.
pub(crate) const GET: &str = "GET";
pub(crate) const GET_FIELDS: &str = "GET, fields=call_hours";
pub(crate) const GET_BAD_TOKEN: &str = "GET, bad token";
pub(crate) const BATCH: &str = "batch of 50 GETs";
pub(crate) const POST: &str = "durable POST";
pub(crate) const MIX: &str = "95 GETs to 5 POSTs";

const CALL_HOURS: &str = "/v26.0/1234567890/messenger_call_settings?fields=call_hours";
const BATCH_TARGET: &str = "/v26.0/";
const BATCH_SCRIPT: &str = include_str!("../post_body.lua");
const OPERATIONS: u32 = 50;
/// One request in so many is a POST in the mix.
const MIX_EVERY: u32 = 20;
const BAD_TOKEN: &str = "PBTdev0000000000000000000000000000000000000000000000000000000000000000";

/// All contenders that run at the same time.
#[derive(Debug)]
struct Contenders {
    lineup: Lineup,
    prism: Option<Contender>,
    fastapi: Option<Contender>,
    postgres: Option<OnPostgres>,
}

/// PostgreSQL, and this project's server on it; both on the same core.
#[derive(Debug)]
struct OnPostgres {
    postgres: Postgres,
    pagebell: Pagebell,
    with_copies: Pagebell,
}

/// Starts the contenders, measures, and stops them.
pub(super) fn measure(run: &Run<'_>, directory: &Path) -> anyhow::Result<Vec<Outcome>> {
    let core = run.plan.load.cores.server;
    let lineup = Lineup::start(&run.binaries, directory, core)?;
    let workspace = run.workspace;
    let contenders = Contenders {
        prism: run
            .has(Part::Prism)
            .then(|| prism::start(workspace, directory, core, &lineup))
            .transpose()?,
        fastapi: run
            .has(Part::Fastapi)
            .then(|| fastapi::start(workspace, directory, core, &lineup))
            .transpose()?,
        postgres: run
            .has(Part::Postgres)
            .then(|| start_on_postgres(run, directory, core, &lineup))
            .transpose()?,
        lineup,
    };
    // Updates come last: what they leave to do, on the disk and in the server, would fall on
    // whoever is measured next.
    let reads = rounds::measure(run.plan, &contenders.reads(run, directory)?)?;
    let writes = rounds::measure(run.plan, &contenders.writes(run, directory)?)?;
    contenders.stop()?;
    Ok([reads, writes].concat())
}

impl Contenders {
    fn reads(&self, run: &Run<'_>, directory: &Path) -> anyhow::Result<Vec<Box<dyn Work>>> {
        let lineup = &self.lineup;
        let get = |contender, name, target| lineup.get(contender, name, target, CONNECTIONS);
        let mut works: Vec<Box<dyn Work>> = Vec::new();
        if run.has(Part::Reads) {
            for contender in [
                &lineup.nginx,
                &lineup.nginx_kept_open,
                &lineup.bare_hyper,
                &lineup.plain_axum,
                &lineup.pagebell,
            ] {
                works.push(Box::new(get(contender, GET, SETTINGS)));
            }
            self.check_fields()?;
            works.push(Box::new(get(&lineup.pagebell, GET_FIELDS, CALL_HOURS)));
            works.push(Box::new(self.bad_token()?));
            works.push(Box::new(self.batch(directory)?));
        }
        if let Some(fastapi) = &self.fastapi {
            works.push(Box::new(get(fastapi, GET, SETTINGS)));
        }
        if let Some(prism) = &self.prism {
            works.push(Box::new(get(prism, GET, prism::SETTINGS)));
        }
        if let Some(postgres) = &self.postgres {
            for count in &run.connections {
                works.push(postgres.postgres.selects(*count));
                works.push(Box::new(OnPostgres::get(
                    &postgres.pagebell,
                    lineup,
                    *count,
                )));
            }
            if !run.has(Part::Reads) {
                works.push(Box::new(get(&lineup.pagebell, GET, SETTINGS)));
            }
            let with_copies = &postgres.with_copies;
            works.push(Box::new(OnPostgres::get(with_copies, lineup, CONNECTIONS)));
        }
        Ok(works)
    }

    fn writes(&self, run: &Run<'_>, directory: &Path) -> anyhow::Result<Vec<Box<dyn Work>>> {
        let lineup = &self.lineup;
        let mut works: Vec<Box<dyn Work>> = Vec::new();
        if run.has(Part::Writes) {
            for per_second in [None, Some(PACE)] {
                works.push(Box::new(SyncedWrites {
                    directory: directory.to_owned(),
                    per_second,
                }));
            }
            self.check_update(&lineup.pagebell)?;
            for count in &run.connections {
                works.push(Box::new(lineup.post(&lineup.pagebell, POST, 1, *count)));
            }
            works.push(Box::new(lineup.paced_posts(CONNECTIONS, PACE)));
        }
        if let Some(postgres) = &self.postgres {
            for count in &run.connections {
                works.push(postgres.postgres.upserts(*count));
                works.push(Box::new(postgres.post(lineup, *count)));
            }
        }
        if let Some(fastapi) = &self.fastapi {
            self.check_update(fastapi)?;
            works.push(Box::new(lineup.post(fastapi, POST, 1, CONNECTIONS)));
        }
        if run.has(Part::Writes) {
            works.push(Box::new(lineup.post(
                &lineup.pagebell,
                MIX,
                MIX_EVERY,
                CONNECTIONS,
            )));
        }
        Ok(works)
    }

    /// Checks that `fields` selects what is in the whole answer.
    fn check_fields(&self) -> anyhow::Result<()> {
        let fields = self.ask(&self.lineup.pagebell, CALL_HOURS, None)?;
        let whole: Value = serde_json::from_slice(&self.lineup.answer.body)?;
        let expected = json!({ "data": [{ "call_hours": whole["data"][0]["call_hours"] }] });
        if expected["data"][0]["call_hours"].is_null() || fields != expected {
            bail!("a GET with fields answers {fields}");
        }
        Ok(())
    }

    /// Checks that an update is seen by the next read, then undoes it.
    fn check_update(&self, contender: &Contender) -> anyhow::Result<()> {
        let body = r#"{"audio_enabled":false}"#;
        let answer = self.ask(contender, SETTINGS, Some(body))?;
        if answer["result"] != "success" {
            bail!("{} answers a POST with {answer}", contender.name);
        }
        let seen = self.ask(contender, SETTINGS, None)?;
        if seen["data"][0]["audio_enabled"] != Value::Bool(false) {
            bail!("{} does not show an update: {seen}", contender.name);
        }
        self.ask(contender, SETTINGS, Some(r#"{"audio_enabled":true}"#))?;
        self.lineup.check_answer(contender)
    }

    /// GETs with a token that the server does not know.
    fn bad_token(&self) -> anyhow::Result<Workload> {
        let server = &self.lineup.pagebell;
        let header = authorization(BAD_TOKEN);
        let request = Request {
            target: SETTINGS,
            authorization: &header,
            body: None,
        };
        let answer = send(server.address, request)?;
        let body: Value = serde_json::from_slice(&answer.body)?;
        if answer.status == 200 || body["error"]["code"] != 190 {
            bail!("a bad token is answered {}: {body}", answer.status);
        }
        Ok(Workload {
            headers: vec![header],
            expected: Expected::Refusal,
            ..self
                .lineup
                .get(server, GET_BAD_TOKEN, SETTINGS, CONNECTIONS)
        })
    }

    /// Batches that read a different Page with each operation.
    fn batch(&self, directory: &Path) -> anyhow::Result<Workload> {
        let server = &self.lineup.pagebell;
        let whole: Value = serde_json::from_slice(&self.lineup.answer.body)?;
        let settings = whole["data"][0].to_string();
        let paths: Vec<String> = (0..OPERATIONS)
            .map(|number| {
                format!(
                    "{}/messenger_call_settings",
                    3_000_000_000 + u64::from(number)
                )
            })
            .collect();
        for path in &paths {
            self.ask(server, &format!("/v26.0/{path}"), Some(&settings))?;
        }
        let operations: Vec<Value> = paths
            .iter()
            .map(|path| json!({ "method": "GET", "relative_url": path }))
            .collect();
        let body = json!({ "include_headers": false, "batch": operations }).to_string();
        let answers = self.ask(server, BATCH_TARGET, Some(&body))?;
        check_batch(&answers, &self.lineup.answer.body)?;

        let write = |name: &str, content: &str| -> anyhow::Result<PathBuf> {
            let path = directory.join(name);
            fs::write(&path, content)
                .with_context(|| format!("cannot write {}", path.display()))?;
            Ok(path)
        };
        Ok(Workload {
            script: Some(write("post_body.lua", BATCH_SCRIPT)?),
            arguments: vec![write("batch.json", &body)?.display().to_string()],
            operations: OPERATIONS,
            ..self.lineup.get(server, BATCH, BATCH_TARGET, CONNECTIONS)
        })
    }

    fn ask(
        &self,
        contender: &Contender,
        target: &str,
        body: Option<&str>,
    ) -> anyhow::Result<Value> {
        let request = Request {
            target,
            authorization: &authorization(&self.lineup.token),
            body,
        };
        let answer = crate::bench::exchange::exchange(contender.address, request)?;
        Ok(serde_json::from_slice(&answer.body)?)
    }

    fn stop(self) -> anyhow::Result<()> {
        for contender in [self.prism, self.fastapi].into_iter().flatten() {
            contender.process.stop()?;
        }
        if let Some(postgres) = self.postgres {
            postgres.pagebell.contender.stop()?;
            postgres.with_copies.contender.stop()?;
            postgres.postgres.stop()?;
        }
        self.lineup.stop()
    }
}

fn start_on_postgres(
    run: &Run<'_>,
    directory: &Path,
    core: usize,
    lineup: &Lineup,
) -> anyhow::Result<OnPostgres> {
    let postgres = Postgres::start(directory, core)?;
    let store = postgres.store();
    let start = |name, log, options: &[&str]| {
        let binary = &run.binaries.pagebell;
        let log = directory.join(log);
        let pagebell = contender::pagebell_in_development(name, binary, log, core, options)?;
        lineup.check_configured(&pagebell)?;
        anyhow::Ok(pagebell)
    };
    let pagebell = start(
        contender::ON_POSTGRES,
        "pagebell-on-postgres.log",
        &[&store],
    )?;
    let with_copies = start(
        contender::ON_POSTGRES_WITH_COPIES,
        "pagebell-with-copies.log",
        &[&store, "--cache-bound", "1s"],
    )?;
    Ok(OnPostgres {
        postgres,
        pagebell,
        with_copies,
    })
}

impl OnPostgres {
    /// Reads, by way of one of its servers.
    fn get(pagebell: &Pagebell, lineup: &Lineup, connections: u32) -> Workload {
        let Pagebell { contender, token } = pagebell;
        Workload {
            headers: vec![authorization(token)],
            ..lineup.get(contender, GET, SETTINGS, connections)
        }
    }

    fn post(&self, lineup: &Lineup, connections: u32) -> Workload {
        let Pagebell { contender, token } = &self.pagebell;
        Workload {
            headers: vec![authorization(token)],
            ..lineup.post(contender, POST, 1, connections)
        }
    }
}

/// Checks that every operation of a batch has the whole answer of a GET.
fn check_batch(answers: &Value, expected: &[u8]) -> anyhow::Result<()> {
    let answers = answers.as_array().map(Vec::as_slice).unwrap_or_default();
    let right = answers.iter().filter(|answer| {
        answer["code"] == 200
            && answer["body"]
                .as_str()
                .is_some_and(|body| body.as_bytes() == expected)
    });
    let right = right.count();
    if right != OPERATIONS as usize {
        bail!(
            "a batch answers {right} of {OPERATIONS} operations rightly; the first: {:?}",
            answers.first()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_with_one_wrong_operation_is_refused() {
        let right = json!({ "code": 200, "body": "{}" });
        let mut answers = vec![right; OPERATIONS as usize];
        assert!(check_batch(&json!(answers), b"{}").is_ok());
        answers[7]["body"] = json!("{\"data\":[]}");
        assert!(check_batch(&json!(answers), b"{}").is_err());
        assert!(check_batch(&json!({ "error": 1 }), b"{}").is_err());
    }
}
