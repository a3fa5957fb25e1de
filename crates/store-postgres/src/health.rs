//! Whether a database can do what a server needs of it.

use settings_store::StoreError;

use crate::error::unavailable;
use crate::rows::{APP_COLUMNS, HISTORY_COLUMNS, PAGE_COLUMNS, TOKEN_COLUMNS, get};
use crate::schema;
use crate::sessions::Sessions;

/// Answers if the database leads, has the schema of this program or a newer one, and lets this user
/// read every column and write every table: in one statement, which reads a row of each.
pub(crate) async fn check(sessions: &Sessions) -> Result<(), StoreError> {
    let rows = sessions.query(&sql(), &[]).await?;
    let row = rows
        .first()
        .ok_or_else(|| unavailable("the database answers with nothing"))?;
    if get::<bool>(row, 0)? {
        return Err(unavailable("the database that answers is not the leader"));
    }
    let (found, known) = (get::<i64>(row, 1)?, schema::newest_version());
    if found < known {
        return Err(unavailable(format!(
            "the database has the schema version {found} and not {known}"
        )));
    }
    if !get::<bool>(row, 2)? {
        return Err(unavailable(
            "the user of the database may not write its tables",
        ));
    }
    Ok(())
}

fn sql() -> String {
    let reads: String = [
        ("page", PAGE_COLUMNS),
        ("history", HISTORY_COLUMNS),
        ("app", APP_COLUMNS),
        ("token", TOKEN_COLUMNS),
    ]
    .map(|(table, columns)| {
        format!(", (SELECT count(*) FROM (SELECT {columns} FROM {table} LIMIT 1) AS one)")
    })
    .concat();
    let rights: [(&str, &[&str]); 4] = [
        ("page", &["INSERT", "UPDATE"]),
        ("history", &["INSERT"]),
        ("app", &["INSERT", "UPDATE"]),
        ("token", &["INSERT", "UPDATE", "DELETE"]),
    ];
    let rights: Vec<String> = rights
        .iter()
        .flat_map(|(table, rights)| {
            rights
                .iter()
                .map(move |right| format!("has_table_privilege('{table}', '{right}')"))
        })
        .collect();
    format!(
        "SELECT current_setting('transaction_read_only') = 'on', \
         (SELECT coalesce(max(migration), 0) FROM schema_version), {}{reads}",
        rights.join(" AND ")
    )
}
