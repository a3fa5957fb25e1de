//! Damage of a store, and what an examination says of it.

/// A table and a column, SQL that damages it, and what the finding says. The column `*` is the
/// table.
pub(crate) const DAMAGE: &[(&str, &str, &str, &str)] = &[
    (
        "page",
        "page_id",
        "UPDATE page SET page_id = 7 WHERE page_id = 1001",
        "no Page that it belongs to",
    ),
    (
        "page",
        "name",
        "UPDATE page SET name = CAST(x'ff' AS TEXT) WHERE page_id = 1001",
        "Page 1001, revision 3: settings has a text that is no UTF-8",
    ),
    (
        "page",
        "name",
        "UPDATE page SET name = 'back' WHERE page_id = 1003",
        "Page 1003: it was removed, but has a name",
    ),
    (
        "page",
        "revision",
        "UPDATE page SET revision = 4 WHERE page_id = 1001",
        "Page 1001, revision 4: the newest entry",
    ),
    (
        "page",
        "document",
        "UPDATE page SET document = replace(document, 'true', 'false') WHERE page_id = 1001",
        "Page 1001, revision 3: settings does not have its checksum",
    ),
    (
        "page",
        "document",
        "UPDATE page SET document = NULL WHERE page_id = 1001",
        "Page 1001, revision 3: settings does not have its checksum",
    ),
    (
        "page",
        "document",
        "UPDATE page SET document = NULL, checksum = NULL WHERE page_id = 1001",
        "Page 1001, revision 3: the newest entry of its history is not that of its settings",
    ),
    (
        "page",
        "checksum",
        "UPDATE page SET checksum = 1 WHERE page_id = 1001",
        "Page 1001, revision 3: settings does not have its checksum",
    ),
    (
        "page",
        "checksum",
        "UPDATE page SET checksum = -1 WHERE page_id = 1001",
        "Page 1001, revision 3: settings does not have its checksum",
    ),
    (
        "page",
        "removed",
        "UPDATE page SET removed = 2 WHERE page_id = 1001",
        "Page 1001: removed is 2",
    ),
    (
        "page",
        "removed",
        "UPDATE page SET removed = 1 WHERE page_id = 1001",
        "Page 1001: it was removed, but has a name or settings",
    ),
    (
        "page",
        "newest_entry",
        "UPDATE page SET newest_entry = 2 WHERE page_id = 1001",
        "Page 1001, revision 3: the newest entry",
    ),
    (
        "page",
        "newest_entry",
        "UPDATE page SET newest_entry = NULL WHERE page_id = 1001",
        "Page 1001, revision 3: the newest entry",
    ),
    (
        "page",
        "*",
        "DELETE FROM page WHERE page_id = 1003",
        "Page 1003, revision 2: there is a history",
    ),
    ("page", "*", "DROP TABLE page", "the table page is missing"),
    (
        "page",
        "eligible",
        "UPDATE page SET eligible = 2 WHERE page_id = 1001",
        "Page 1001: eligible is 2",
    ),
    (
        "page",
        "eligible",
        "UPDATE page SET eligible = 0 WHERE page_id = 1003",
        "Page 1003: it was removed, but states something about calling",
    ),
    (
        "page",
        "engaged_users",
        "UPDATE page SET engaged_users = 0 WHERE page_id = 1003",
        "Page 1003: it was removed, but states something about calling",
    ),
    (
        "history",
        "entry",
        "UPDATE history SET entry = 99 WHERE entry = 2",
        "Page 1001, revision 3: the entry before it",
    ),
    (
        "history",
        "previous_entry",
        "UPDATE history SET previous_entry = 4 WHERE entry = 2",
        "Page 1001, revision 2: the entry before it",
    ),
    (
        "history",
        "previous_entry",
        "UPDATE history SET previous_entry = NULL WHERE entry = 2",
        "begins with another revision",
    ),
    (
        "history",
        "page_id",
        "UPDATE history SET page_id = 1002 WHERE entry = 2",
        "Page 1001, revision 3: the entry before it",
    ),
    (
        "history",
        "revision",
        "UPDATE history SET revision = 7 WHERE entry = 2",
        "Page 1001, revision 7: the entry before it",
    ),
    (
        "history",
        "document",
        "UPDATE history SET document = '{}' WHERE entry = 1",
        "Page 1001, revision 1: an entry of the history does not have its checksum",
    ),
    (
        "history",
        "document",
        "UPDATE history SET document = NULL, checksum = NULL WHERE entry = 1",
        "Page 1001, revision 1: an entry of the history has lost its settings",
    ),
    (
        "history",
        "token_id",
        "UPDATE history SET token_id = 404 WHERE entry = 1",
        "Page 1001, revision 1: the token of its author does not exist",
    ),
    (
        "history",
        "app_id",
        "UPDATE history SET app_id = 404 WHERE entry = 1",
        "Page 1001, revision 1: the app of its author does not exist",
    ),
    (
        "history",
        "changed_ms",
        "UPDATE history SET changed_ms = 9000000000000000 WHERE entry = 1",
        "Page 1001, revision 1: changed_ms is out of range",
    ),
    (
        "history",
        "trace_id",
        "UPDATE history SET trace_id = CAST(x'c0' AS TEXT) WHERE entry = 1",
        "Page 1001, revision 1: an entry of the history has a text that is no UTF-8",
    ),
    (
        "history",
        "checksum",
        "UPDATE history SET checksum = 1 WHERE entry = 1",
        "Page 1001, revision 1: an entry of the history does not have its checksum",
    ),
    (
        "history",
        "*",
        "DELETE FROM history WHERE entry = 2",
        "Page 1001, revision 3",
    ),
    (
        "history",
        "*",
        "DELETE FROM history WHERE entry = 3",
        "Page 1001, revision 3",
    ),
    (
        "history",
        "*",
        "INSERT INTO history SELECT 800, previous_entry, page_id, revision, document, token_id, app_id, changed_ms, trace_id, checksum FROM history WHERE entry = 3",
        "revisions in all",
    ),
    (
        "history",
        "*",
        "DROP TABLE history",
        "the table history is missing",
    ),
    (
        "app",
        "app_id",
        "UPDATE app SET app_id = 7",
        "its app does not exist",
    ),
    (
        "app",
        "name",
        "UPDATE app SET name = CAST(x'ff' AS TEXT)",
        "has a text that is no UTF-8",
    ),
    (
        "app",
        "secret",
        "UPDATE app SET secret = 'short'",
        "its secret is not 32 hexadecimal digits",
    ),
    (
        "app",
        "require_proof",
        "UPDATE app SET require_proof = 2",
        "require_proof is 2",
    ),
    (
        "app",
        "created_ms",
        "UPDATE app SET created_ms = -9000000000000000",
        "created_ms is out of range",
    ),
    ("app", "*", "DELETE FROM app", "its app does not exist"),
    ("app", "*", "DROP TABLE app", "the table app is missing"),
    (
        "token",
        "token_id",
        "UPDATE token SET token_id = 7 WHERE expires_ms IS NOT NULL",
        "which does not exist",
    ),
    (
        "token",
        "hash",
        "UPDATE token SET hash = x'00' WHERE all_pages = 1",
        "its hash is 1 bytes long",
    ),
    (
        "token",
        "app_id",
        "UPDATE token SET app_id = 404",
        "its app does not exist",
    ),
    (
        "token",
        "all_pages",
        "UPDATE token SET all_pages = 2",
        "all_pages is 2",
    ),
    (
        "token",
        "all_pages",
        "UPDATE token SET all_pages = 1",
        "it covers all Pages and the Page",
    ),
    (
        "token",
        "scopes",
        "UPDATE token SET scopes = 'all'",
        "its scopes cannot be read",
    ),
    (
        "token",
        "scopes",
        "UPDATE token SET scopes = '[1]'",
        "its scopes cannot be read",
    ),
    (
        "token",
        "issued_ms",
        "UPDATE token SET issued_ms = 9000000000000000",
        "issued_ms is out of range",
    ),
    (
        "token",
        "expires_ms",
        "UPDATE token SET expires_ms = 9000000000000000",
        "expires_ms is out of range",
    ),
    (
        "token",
        "revoked_ms",
        "UPDATE token SET revoked_ms = 9000000000000000",
        "revoked_ms is out of range",
    ),
    ("token", "*", "DELETE FROM token", "which does not exist"),
    (
        "token",
        "*",
        "DROP TABLE token",
        "the table token is missing",
    ),
    (
        "token_page",
        "token_id",
        "UPDATE token_page SET token_id = 77",
        "the token 77, which does not exist",
    ),
    (
        "token_page",
        "page_id",
        "UPDATE OR REPLACE token_page SET page_id = 1001, token_id = (SELECT token_id FROM token WHERE all_pages = 1)",
        "it covers all Pages and the Page 1001",
    ),
    (
        "token_page",
        "*",
        "INSERT INTO token_page VALUES (77, 1001)",
        "the token 77, which does not exist",
    ),
    (
        "token_page",
        "*",
        "DROP TABLE token_page",
        "the table token_page is missing",
    ),
    (
        "change",
        "sequence",
        "UPDATE change SET sequence = 99 WHERE sequence = 2",
        "change 99: it is newer than the newest",
    ),
    (
        "change",
        "page_id",
        "UPDATE change SET page_id = 404 WHERE sequence = 2",
        "change 2: its Page does not exist",
    ),
    (
        "change",
        "app_id",
        "UPDATE change SET app_id = 404 WHERE sequence = 1",
        "change 1: its app does not exist",
    ),
    (
        "change",
        "token_hash",
        "UPDATE change SET token_hash = x'00' WHERE sequence = 6",
        "the hash of its token is 1 bytes long",
    ),
    (
        "change",
        "token_hash",
        "UPDATE change SET token_hash = zeroblob(32) WHERE sequence = 2",
        "change 2: it names more than one thing",
    ),
    (
        "change",
        "*",
        "DROP TABLE change",
        "the table change is missing",
    ),
    (
        "sqlite_sequence",
        "name",
        "UPDATE sqlite_sequence SET name = 'other'",
        "the sequence of the table other",
    ),
    (
        "sqlite_sequence",
        "seq",
        "UPDATE sqlite_sequence SET seq = 3",
        "it is newer than the newest",
    ),
    (
        "sqlite_sequence",
        "seq",
        "UPDATE sqlite_sequence SET seq = 'many'",
        "the sequence of changes is no number",
    ),
    (
        "sqlite_sequence",
        "*",
        "DELETE FROM sqlite_sequence",
        "it is newer than the newest",
    ),
];

/// Damage of the marks, of which Page 1002 has one at its revision 64.
pub(crate) const OF_MARKS: &[(&str, &str, &str, &str)] = &[
    (
        "mark",
        "page_id",
        "UPDATE mark SET page_id = 1001",
        "Page 1001, revision 64: a mark of the history names another entry",
    ),
    (
        "mark",
        "revision",
        "UPDATE mark SET revision = 128",
        "Page 1002, revision 64: the entry of the history lacks its mark",
    ),
    (
        "mark",
        "entry",
        "UPDATE mark SET entry = 3",
        "Page 1002, revision 64: a mark of the history names another entry",
    ),
    (
        "mark",
        "*",
        "DELETE FROM mark",
        "Page 1002, revision 64: the entry of the history lacks its mark",
    ),
    (
        "mark",
        "*",
        "INSERT INTO mark SELECT page_id, 3, entry FROM mark",
        "Page 1002, revision 3: a mark of the history names another entry",
    ),
    ("mark", "*", "DROP TABLE mark", "the table mark is missing"),
];

/// Damage of the index of names.
pub(crate) const OF_NAMES: &[(&str, &str, &str, &str)] = &[
    (
        "name_segment",
        "first_id",
        "UPDATE name_segment SET first_id = 1 WHERE first_id = 0",
        "the index of names lacks the segment from 0 on",
    ),
    (
        "name_segment",
        "first_id",
        "UPDATE name_segment SET first_id = 2 WHERE first_id = 0",
        "from 2 on: it does not have the name of the Page 1001",
    ),
    (
        "name_segment",
        "filter",
        "UPDATE name_segment SET filter = zeroblob(1920) WHERE first_id = 0",
        "from 0 on: its filter is that of other names",
    ),
    (
        "name_segment",
        "names",
        "UPDATE name_segment SET names = x'01000000' WHERE first_id = 0",
        "from 0 on: it does not have the name of the Page 1001",
    ),
    (
        "name_segment",
        "names",
        "UPDATE name_segment SET names = substr(names, 1, length(names) - 1) WHERE first_id = 0",
        "a segment of the search index cannot be read",
    ),
    (
        "name_segment",
        "*",
        "DELETE FROM name_segment WHERE first_id < 0",
        "the index of names lacks the segment from -9223372036854775808 on",
    ),
    (
        "name_segment",
        "*",
        "DROP TABLE name_segment",
        "the table name_segment is missing",
    ),
    (
        "page",
        "name",
        "UPDATE page SET name = 'Bäckerei' WHERE page_id = 1001",
        "from 0 on: it does not have the name of the Page 1001",
    ),
    (
        "page",
        "name",
        "UPDATE page SET name = NULL WHERE page_id = 1002",
        "from 0 on: it does not have the name of the Page 1002",
    ),
];

/// Damage of the header and of the schema.
pub(crate) const OF_THE_WHOLE: &[(&str, &str)] = &[
    ("PRAGMA user_version = 0", "the schema has the version 0"),
    ("PRAGMA user_version = -1", "the schema has the version -1"),
    (
        "PRAGMA user_version = 1",
        "is not as the schema version 1 has it",
    ),
    (
        "PRAGMA application_id = 0",
        "does not have the application id of a store",
    ),
    (
        "PRAGMA application_id = 7",
        "does not have the application id of a store",
    ),
    (
        "ALTER TABLE page DROP COLUMN checksum",
        "the table page is not as",
    ),
    (
        "ALTER TABLE app RENAME COLUMN secret TO key",
        "the table app is not as",
    ),
    (
        "DROP TABLE token; CREATE TABLE token (token_id INTEGER, hash BLOB, app_id INTEGER, all_pages \
      INTEGER, scopes TEXT, issued_ms INTEGER, expires_ms INTEGER, revoked_ms INTEGER)",
        "the table token is not as",
    ),
];
