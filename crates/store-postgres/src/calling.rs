//! Statements of what is stated about calling on Pages.

use call_settings::PageId;
use deadpool_postgres::{GenericClient, Object};
use settings_store::{NameChanges, PageCalling, PageChange, StoreError, signed};
use tokio_postgres::Error;

use crate::administration::{Change, change};
use crate::name_index;
use crate::sessions::Sessions;

/// Changes the name of a Page and what is stated about calling; `false`: there is no such Page.
pub(crate) async fn set_page(sessions: &Sessions, page: &PageChange) -> Result<bool, StoreError> {
    change(sessions, SetPage(page)).await
}

/// The change of a Page outside of its settings.
struct SetPage<'a>(&'a PageChange);

impl Change for SetPage<'_> {
    type Output = bool;

    async fn run(&self, session: &mut Object) -> Result<bool, Error> {
        const SET: &str = "
UPDATE page SET name = coalesce($2, name), eligible = coalesce($3, eligible),
    engaged_users = coalesce($4, engaged_users)
WHERE page_id = $1 AND NOT removed";
        let Self(page) = self;
        let transaction = session.transaction().await?;
        let set = transaction.prepare_cached(SET).await?;
        let page_id = signed(page.page_id.get());
        let engaged_users = page.calling.engaged_users.map(signed);
        let rows = transaction
            .execute(
                &set,
                &[&page_id, &page.name, &page.calling.eligible, &engaged_users],
            )
            .await?;
        let mut names = NameChanges::default();
        if let Some(name) = page.name.as_deref().filter(|_| rows > 0) {
            names.set(page.page_id, Some(name));
        }
        name_index::apply(&transaction, names).await?;
        transaction.commit().await?;
        Ok(rows > 0)
    }
}

/// What is stated about calling on some Pages, as columns.
#[derive(Debug, Default)]
pub(crate) struct Callings {
    page_id: Vec<i64>,
    eligible: Vec<bool>,
    engaged_users: Vec<Option<i64>>,
}

impl Callings {
    /// One more Page.
    pub(crate) fn add(&mut self, page_id: PageId, calling: PageCalling) {
        self.page_id.push(signed(page_id.get()));
        self.eligible.push(calling.eligible);
        self.engaged_users.push(calling.engaged_users.map(signed));
    }

    /// Writes them within the transaction of the caller.
    pub(crate) async fn store(&self, transaction: &impl GenericClient) -> Result<(), Error> {
        const STATE: &str = "
UPDATE page SET eligible = calling.eligible, engaged_users = calling.engaged_users
FROM unnest($1::bigint[], $2::boolean[], $3::bigint[])
    AS calling (page_id, eligible, engaged_users)
WHERE page.page_id = calling.page_id";
        if self.page_id.is_empty() {
            return Ok(());
        }
        let state = transaction.prepare_cached(STATE).await?;
        transaction
            .execute(
                &state,
                &[&self.page_id, &self.eligible, &self.engaged_users],
            )
            .await
            .map(|_rows| ())
    }
}
