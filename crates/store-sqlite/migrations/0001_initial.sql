-- The first schema. A migration that was released is never edited; a change is a new file.
-- Page ids are unsigned 64-bit numbers, stored as the signed numbers of the same bits.
-- All times are milliseconds since 1970 in UTC.

CREATE TABLE page (
    page_id    INTEGER PRIMARY KEY,
    name       TEXT,
    -- Counts the changes of the settings. It goes on when a removed Page comes back.
    revision   INTEGER NOT NULL,
    -- The settings as a document of settings-store; NULL: not configured.
    document   TEXT,
    -- The CRC-32 of the document's bytes.
    checksum   INTEGER,
    -- 1: the Page was removed and is kept for its revision and history only.
    removed    INTEGER NOT NULL,
    -- The newest entry of its history; NULL: there is none.
    newest_entry INTEGER
) STRICT;

-- Entries are only ever appended, so that many of them share a database page and a commit writes
-- few. Those of one Page are a chain, from page.newest_entry over previous_entry.
CREATE TABLE history (
    entry          INTEGER PRIMARY KEY,
    -- The entry before this one of the same Page; NULL: this is the first. Its settings are what
    -- this one's change started from.
    previous_entry INTEGER,
    page_id        INTEGER NOT NULL,
    revision       INTEGER NOT NULL,
    -- The settings after the change; NULL: the Page was removed.
    document       TEXT,
    token_id       INTEGER,
    app_id         INTEGER,
    changed_ms     INTEGER NOT NULL,
    trace_id       TEXT NOT NULL
) STRICT;

CREATE TABLE app (
    app_id        INTEGER PRIMARY KEY,
    name          TEXT NOT NULL,
    -- Readable on purpose: it is the key with which appsecret_proof is checked.
    secret        TEXT NOT NULL,
    require_proof INTEGER NOT NULL,
    created_ms    INTEGER NOT NULL
) STRICT;

CREATE TABLE token (
    token_id   INTEGER PRIMARY KEY,
    -- SHA-256 of the token, which itself is not kept.
    hash       BLOB NOT NULL UNIQUE,
    app_id     INTEGER,
    all_pages  INTEGER NOT NULL,
    -- A JSON array of texts.
    scopes     TEXT NOT NULL,
    issued_ms  INTEGER NOT NULL,
    expires_ms INTEGER,
    revoked_ms INTEGER
) STRICT;

CREATE TABLE token_page (
    token_id INTEGER NOT NULL,
    page_id  INTEGER NOT NULL,
    PRIMARY KEY (token_id, page_id)
) STRICT, WITHOUT ROWID;

-- What the command line changed, for a running server to drop its copies of.
CREATE TABLE change (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    -- One of page_id, app_id and token_hash is set.
    page_id    INTEGER,
    app_id     INTEGER,
    token_hash BLOB
) STRICT;
