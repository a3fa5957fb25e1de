//! `pagebell app`

use std::io::{Write, stdout};

use secrecy::ExposeSecret;
use serde_json::json;
use settings_store::{AppId, AppRecord};

use super::{on_store, write_json, write_table};
use crate::command_line::AppCommand;
use crate::failure::Failure;
use crate::identifiers::{new_app_secret, new_id};
use crate::store_location::Opening;
use crate::system;

pub(crate) fn run(command: AppCommand) -> Result<(), Failure> {
    match command {
        AppCommand::Add {
            name,
            require_proof,
            store,
        } => {
            let surroundings = system::surroundings();
            let app = AppRecord {
                app_id: AppId::new(new_id(&*surroundings.entropy)),
                name,
                secret: new_app_secret(&*surroundings.entropy),
                require_proof,
                created_at: surroundings.clock.now(),
            };
            let stored = app.clone();
            on_store(&store.location(), Opening::MayBeFirst, async |store| {
                let app_id = stored.app_id;
                let put = store.put_app(stored).await;
                put.map_err(|error| Failure::unconfirmed(error, "app", app_id))
            })?;
            let mut output = stdout().lock();
            writeln!(output, "app_id {}", app.app_id)?;
            writeln!(output, "app_secret {}", app.secret.expose_secret())?;
            Ok(())
        }
        AppCommand::List { json, store } => {
            let apps = on_store(&store.location(), Opening::Reading, async |store| {
                Ok(store.apps().await?)
            })?;
            write_list(&apps, json)
        }
    }
}

fn write_list(apps: &[AppRecord], as_json: bool) -> Result<(), Failure> {
    let mut output = stdout().lock();
    if as_json {
        let elements: Vec<_> = apps
            .iter()
            .map(|app| {
                json!({
                    "app_id": app.app_id.to_string(),
                    "name": app.name,
                    "require_proof": app.require_proof,
                    "created_at": app.created_at.to_string(),
                })
            })
            .collect();
        return write_json(&mut output, &elements);
    }
    let rows: Vec<_> = apps
        .iter()
        .map(|app| {
            [
                app.app_id.to_string(),
                if app.require_proof {
                    "required"
                } else {
                    "optional"
                }
                .to_owned(),
                app.created_at.strftime("%F").to_string(),
                app.name.clone(),
            ]
        })
        .collect();
    write_table(&mut output, ["APP_ID", "PROOF", "CREATED", "NAME"], &rows)
}
