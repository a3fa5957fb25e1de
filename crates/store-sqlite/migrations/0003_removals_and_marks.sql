-- Finds the newest removal of a Page: its history before that is that of a former life.
CREATE INDEX removal ON history (page_id, revision) WHERE document IS NULL;

-- Every 64th entry of a Page's history, so that a read far from the newest entry starts near to
-- what it wants.
CREATE TABLE mark (
    page_id  INTEGER NOT NULL,
    -- A multiple of 64.
    revision INTEGER NOT NULL,
    entry    INTEGER NOT NULL,
    PRIMARY KEY (page_id, revision)
) STRICT, WITHOUT ROWID;

INSERT INTO mark (page_id, revision, entry)
SELECT page_id, revision, entry FROM history WHERE revision % 64 = 0 ORDER BY page_id, revision;

-- Tokens that were issued before a Page was removed do not cover it any more.
DELETE FROM token_page WHERE EXISTS (
    SELECT 1 FROM history JOIN token ON token.token_id = token_page.token_id
    WHERE history.page_id = token_page.page_id AND history.document IS NULL
        AND token.issued_ms <= history.changed_ms
);
