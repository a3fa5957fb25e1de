//! What no row of a sound store is like, as queries that return a line for each row that is.

use jiff::Timestamp;

/// The rules for a store with this version of the schema.
pub(super) fn rules(version: i64) -> Vec<String> {
    let mut rules: Vec<String> = [PAGES, ACCESS, CHANGES]
        .concat()
        .into_iter()
        .map(str::to_owned)
        .collect();
    for (table, subject, column) in TIMES {
        let (first, last) = (Timestamp::MIN, Timestamp::MAX);
        rules.push(format!(
            "SELECT printf('{subject}: {column} is out of range', {}) FROM {table} \
             WHERE {column} < {} OR {column} > {}",
            key_of(table),
            first.as_millisecond(),
            last.as_millisecond()
        ));
    }
    for (since, more) in [(MARKS_SINCE, MARKS), (CALLING_SINCE, CALLING)] {
        if version >= since {
            rules.extend(more.iter().map(|&rule| rule.to_owned()));
        }
    }
    rules
}

/// The columns that hold a time.
const TIMES: [(&str, &str, &str); 5] = [
    ("history", "Page %llu, revision %llu", "changed_ms"),
    ("app", "app %llu", "created_ms"),
    ("token", "token %llu", "issued_ms"),
    ("token", "token %llu", "expires_ms"),
    ("token", "token %llu", "revoked_ms"),
];

fn key_of(table: &str) -> &'static str {
    match table {
        "history" => "page_id, revision",
        "app" => "app_id",
        _ => "token_id",
    }
}

/// Pages and their history. Each chain is whole, so it has as many entries as its Page has
/// revisions.
const PAGES: &[&str] = &[
    "SELECT printf('Page %llu, revision %llu: the newest entry of its history is not that of its \
     settings', page.page_id, page.revision) FROM page \
     LEFT JOIN history ON history.entry = page.newest_entry \
     WHERE (page.newest_entry IS NULL AND page.revision <> 0) \
     OR (page.newest_entry IS NOT NULL AND (history.page_id IS NOT page.page_id \
     OR history.revision IS NOT page.revision OR history.document IS NOT page.document))",
    "SELECT printf('Page %llu: it has settings, but no history', page_id) FROM page \
     WHERE newest_entry IS NULL AND document IS NOT NULL",
    "SELECT printf('Page %llu: removed is %d, neither 0 nor 1', page_id, removed) FROM page \
     WHERE removed NOT IN (0, 1)",
    "SELECT printf('Page %llu: it was removed, but has a name or settings', page_id) FROM page \
     WHERE removed = 1 AND (name IS NOT NULL OR document IS NOT NULL OR newest_entry IS NULL)",
    "SELECT printf('Page %llu, revision %llu: the entry before it in the history is missing or \
     another one', entry.page_id, entry.revision) FROM history AS entry \
     LEFT JOIN history AS previous ON previous.entry = entry.previous_entry \
     WHERE entry.previous_entry IS NOT NULL AND (previous.page_id IS NOT entry.page_id \
     OR previous.revision IS NOT entry.revision - 1)",
    "SELECT printf('Page %llu, revision %llu: its history begins with another revision than 1', \
     page_id, revision) FROM history WHERE previous_entry IS NULL AND revision <> 1",
    "SELECT printf('Page %llu, revision %llu: there is a history, but no Page that it belongs to', \
     history.page_id, history.revision) FROM history \
     LEFT JOIN page ON page.page_id = history.page_id \
     WHERE page.page_id IS NULL OR page.revision < history.revision",
    "SELECT printf('the Pages have %lld revisions in all, but there are %lld entries of history', \
     revisions, entries) FROM (SELECT coalesce(sum(revision), 0) AS revisions FROM page), \
     (SELECT count(*) AS entries FROM history) WHERE revisions <> entries",
    // Nobody but an operator removes a Page, and that has neither an author nor a request.
    "SELECT printf('Page %llu, revision %llu: an entry of the history has lost its settings', \
     page_id, revision) FROM history WHERE document IS NULL \
     AND (token_id IS NOT NULL OR app_id IS NOT NULL OR trace_id <> '')",
    "SELECT printf('Page %llu, revision %llu: the token of its author does not exist', \
     page_id, revision) FROM history \
     WHERE token_id IS NOT NULL AND token_id NOT IN (SELECT token_id FROM token)",
    "SELECT printf('Page %llu, revision %llu: the app of its author does not exist', \
     page_id, revision) FROM history \
     WHERE app_id IS NOT NULL AND app_id NOT IN (SELECT app_id FROM app)",
];

/// The version of the schema from which on there are marks.
const MARKS_SINCE: i64 = 3;

/// The marks of the history.
const MARKS: &[&str] = &[
    "SELECT printf('Page %llu, revision %llu: a mark of the history names another entry', \
     mark.page_id, mark.revision) FROM mark LEFT JOIN history ON history.entry = mark.entry \
     WHERE history.page_id IS NOT mark.page_id OR history.revision IS NOT mark.revision \
     OR mark.revision % 64 <> 0",
    "SELECT printf('Page %llu, revision %llu: the entry of the history lacks its mark', \
     history.page_id, history.revision) FROM history LEFT JOIN mark \
     ON mark.page_id = history.page_id AND mark.revision = history.revision \
     WHERE history.revision % 64 = 0 AND mark.entry IS NULL",
];

/// The version of the schema from which on Pages have columns about calling.
const CALLING_SINCE: i64 = 4;

/// What is stated about calling.
const CALLING: &[&str] = &[
    "SELECT printf('Page %llu: eligible is %d, neither 0 nor 1', page_id, eligible) FROM page \
     WHERE eligible NOT IN (0, 1)",
    "SELECT printf('Page %llu: it was removed, but states something about calling', page_id) \
     FROM page WHERE removed = 1 AND (eligible = 0 OR engaged_users IS NOT NULL)",
];

/// Apps and tokens.
const ACCESS: &[&str] = &[
    "SELECT printf('app %llu: its secret is not 32 hexadecimal digits', app_id) FROM app \
     WHERE length(secret) <> 32 OR secret GLOB '*[^0-9a-f]*'",
    "SELECT printf('app %llu: require_proof is %d, neither 0 nor 1', app_id, require_proof) FROM app \
     WHERE require_proof NOT IN (0, 1)",
    "SELECT printf('token %llu: its scopes cannot be read', token_id) FROM token \
     WHERE NOT json_valid(scopes) OR json_type(scopes) <> 'array' \
     OR EXISTS (SELECT 1 FROM json_each(scopes) WHERE type <> 'text')",
    "SELECT printf('token %llu: its hash is %d bytes long', token_id, length(hash)) FROM token \
     WHERE length(hash) <> 32",
    "SELECT printf('token %llu: all_pages is %d, neither 0 nor 1', token_id, all_pages) FROM token \
     WHERE all_pages NOT IN (0, 1)",
    "SELECT printf('token %llu: its app does not exist', token_id) FROM token \
     WHERE app_id IS NOT NULL AND app_id NOT IN (SELECT app_id FROM app)",
    "SELECT printf('the Page %llu is covered by the token %llu, which does not exist', \
     page_id, token_id) FROM token_page WHERE token_id NOT IN (SELECT token_id FROM token)",
    "SELECT printf('token %llu: it covers all Pages and the Page %llu', token_id, page_id) \
     FROM token_page WHERE token_id IN (SELECT token_id FROM token WHERE all_pages = 1)",
];

/// The change feed.
const CHANGES: &[&str] = &[
    "SELECT printf('change %lld: it names more than one thing', sequence) FROM change \
     WHERE (page_id IS NOT NULL) + (app_id IS NOT NULL) + (token_hash IS NOT NULL) > 1",
    "SELECT printf('change %lld: the hash of its token is %d bytes long', sequence, \
     length(token_hash)) FROM change WHERE length(token_hash) <> 32",
    "SELECT printf('change %lld: its app does not exist', sequence) FROM change \
     WHERE app_id IS NOT NULL AND app_id NOT IN (SELECT app_id FROM app)",
    "SELECT printf('change %lld: its Page does not exist', sequence) FROM change \
     WHERE page_id IS NOT NULL AND page_id NOT IN (SELECT page_id FROM page)",
    "SELECT printf('change %lld: it is newer than the newest', sequence) FROM change \
     WHERE sequence < 1 OR sequence > coalesce((SELECT seq FROM sqlite_sequence \
     WHERE name = 'change'), 0)",
    "SELECT printf('the sequence of the table %s is counted, which has none', name) \
     FROM sqlite_sequence WHERE name <> 'change' OR name IS NULL",
    "SELECT 'the sequence of changes is no number' FROM sqlite_sequence \
     WHERE typeof(seq) <> 'integer'",
];
