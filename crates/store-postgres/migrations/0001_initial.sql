-- The first schema. A migration that was released is never edited; a change is a new file.
-- Statements are run one by one, each by itself, and again after an interruption: so each of them
-- has to be one that may be repeated. They end with a semicolon at the end of a line.
-- Page ids are unsigned 64-bit numbers, stored as the signed numbers of the same bits.
-- All times are milliseconds since 1970 in UTC.

CREATE TABLE IF NOT EXISTS page (
    page_id           bigint PRIMARY KEY,
    name              text,
    -- Counts the changes of the settings. It goes on when a removed Page comes back.
    revision          bigint NOT NULL,
    -- The revision that the newest change started from: what a change is compared with.
    previous_revision bigint NOT NULL,
    -- The settings as a document of settings-store; NULL: not configured.
    document          text,
    -- The CRC-32 of the document's bytes.
    checksum          bigint,
    -- The Page was removed and is kept for its revision and history only.
    removed           boolean NOT NULL
);

-- Entries are only ever added.
CREATE TABLE IF NOT EXISTS history (
    page_id    bigint NOT NULL,
    revision   bigint NOT NULL,
    -- The settings after the change; NULL: the Page was removed.
    document   text,
    -- The CRC-32 of the document's bytes.
    checksum   bigint,
    token_id   bigint,
    app_id     bigint,
    changed_ms bigint NOT NULL,
    trace_id   text NOT NULL,
    -- Of the attempt that wrote it: tells a server whose connection broke whether its write counts.
    write_id   bigint NOT NULL,
    PRIMARY KEY (page_id, revision)
);

CREATE TABLE IF NOT EXISTS app (
    app_id        bigint PRIMARY KEY,
    name          text NOT NULL,
    -- Readable on purpose: it is the key with which appsecret_proof is checked.
    secret        text NOT NULL,
    require_proof boolean NOT NULL,
    created_ms    bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS token (
    token_id   bigint PRIMARY KEY,
    -- SHA-256 of the token, which itself is not kept.
    hash       bytea NOT NULL UNIQUE,
    app_id     bigint,
    -- A JSON array of the Pages' ids; NULL: all Pages.
    pages      text,
    -- A JSON array of texts.
    scopes     text NOT NULL,
    issued_ms  bigint NOT NULL,
    expires_ms bigint,
    revoked_ms bigint
);
