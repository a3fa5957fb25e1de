//! What the server's answers mean for the register of a Page.

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::torture::register::{Outcome, Request};
use crate::torture::settings::Seen;

/// What a refusal says that leaves nothing open.
const NOTHING_HAPPENED: &str = "Nothing was changed";

/// An answer to one operation, on its own or out of a batch.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) revision: Option<u64>,
    pub(crate) trace_id: String,
    pub(crate) body: Value,
}

/// What an answer tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The operation has this outcome.
    Outcome(Outcome),
    /// It was refused: a read tells nothing about the Page, and a write never happened. The latter
    /// is the server's promise; if it is broken, a value turns up that nobody wrote.
    Refused,
}

/// Reads an answer; one that the server has no reason for is an error.
pub(crate) fn told(request: &Request, fields: Option<&str>, reply: &Reply) -> anyhow::Result<Told> {
    let Reply { status, body, .. } = reply;
    match (status, request) {
        (200, Request::Read) => {
            let settings = body.pointer("/data/0").context("an answer without data")?;
            let with_hours = fields.is_none_or(|fields| fields.contains("call_hours"));
            done(reply, Seen::from_json(settings, with_hours)?)
        }
        (200, Request::Write { .. }) => {
            if body.get("result").and_then(Value::as_str) != Some("success") {
                bail!("a success that does not say so: {body}");
            }
            let with_hours = fields.is_some_and(|fields| fields.contains("call_hours"));
            done(reply, Seen::from_json(body, with_hours)?)
        }
        (
            412,
            Request::Write {
                if_match: Some(_), ..
            },
        ) => {
            let message = body.pointer("/error/message").and_then(Value::as_str);
            let found = message
                .and_then(|message| message.rsplit(' ').next()?.parse().ok())
                .with_context(|| format!("a refusal that names no revision: {body}"))?;
            Ok(Told::Outcome(Outcome::Mismatch { found }))
        }
        (503, _) => {
            if body.pointer("/error/is_transient") != Some(&Value::Bool(true)) {
                bail!("a 503 that is not called transient: {body}");
            }
            let advice = body
                .pointer("/error/error_user_msg")
                .and_then(Value::as_str);
            let nothing_happened = advice.is_some_and(|it| it.contains(NOTHING_HAPPENED));
            Ok(match request {
                Request::Write { .. } if !nothing_happened => Told::Outcome(Outcome::Unknown),
                _ => Told::Refused,
            })
        }
        _ => bail!("the unexpected answer {status} to {request:?}: {body}"),
    }
}

fn done(reply: &Reply, seen: Seen) -> anyhow::Result<Told> {
    let revision = reply.revision.context("an answer without a revision")?;
    Ok(Told::Outcome(Outcome::Done { revision, seen }))
}

/// Takes the answer to a batch apart; `None`: an operation was not answered.
pub(crate) fn of_batch(body: &Value) -> anyhow::Result<Vec<Option<Reply>>> {
    let answers = body.as_array().context("a batch is answered by an array")?;
    answers.iter().map(one_of_batch).collect()
}

fn one_of_batch(answer: &Value) -> anyhow::Result<Option<Reply>> {
    if answer.is_null() {
        return Ok(None);
    }
    let header = |name: &str| {
        answer
            .get("headers")?
            .as_array()?
            .iter()
            .find(|header| header["name"] == name)?
            .get("value")?
            .as_str()
    };
    let body = answer["body"]
        .as_str()
        .context("an answer without a body")?;
    Ok(Some(Reply {
        status: answer["code"]
            .as_u64()
            .and_then(|code| u16::try_from(code).ok())
            .context("an answer without a code")?,
        revision: header("pagebell-revision").map(str::parse).transpose()?,
        trace_id: header("x-fb-request-id").unwrap_or_default().to_owned(),
        body: serde_json::from_str(body)?,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::torture::settings::Update;

    const WRITE: Request = Request::Write {
        update: Update {
            switches: None,
            hours: Some(1),
        },
        if_match: Some(3),
    };

    fn reply(status: u16, body: Value) -> Reply {
        Reply {
            status,
            revision: Some(4),
            trace_id: String::new(),
            body,
        }
    }

    #[test]
    fn answers_are_taken_for_what_they_say() {
        let outcome = |status, body| told(&WRITE, None, &reply(status, body)).ok();
        let done = Outcome::Done {
            revision: 4,
            seen: Seen::default(),
        };
        assert_eq!(
            outcome(200, json!({ "result": "success" })),
            Some(Told::Outcome(done))
        );
        assert_eq!(outcome(200, json!({})), None, "no success");
        let mismatch = json!({ "error": { "message": "... they are at revision 17" } });
        let found = Outcome::Mismatch { found: 17 };
        assert_eq!(outcome(412, mismatch), Some(Told::Outcome(found)));
        let transient = |is| json!({ "error": { "is_transient": is } });
        assert_eq!(
            outcome(503, transient(true)),
            Some(Told::Outcome(Outcome::Unknown))
        );
        assert_eq!(outcome(503, transient(false)), None);
        assert_eq!(outcome(500, transient(true)), None);
        let refused = json!({ "error": {
            "is_transient": true, "error_user_msg": "The store ... Nothing was changed; send ...",
        } });
        assert_eq!(outcome(503, refused), Some(Told::Refused));
    }

    #[test]
    fn a_batch_is_taken_apart() {
        let batch = json!([null, {
            "code": 200, "headers": [{ "name": "pagebell-revision", "value": "2" }],
            "body": "{\"result\":\"success\"}",
        }]);
        let replies = of_batch(&batch).unwrap();
        assert!(replies[0].is_none());
        let second = replies[1].as_ref().unwrap();
        assert_eq!((second.status, second.revision), (200, Some(2)));
    }
}
