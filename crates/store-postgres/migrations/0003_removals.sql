-- Finds the newest removal of a Page: its history before that is that of a former life.
CREATE INDEX IF NOT EXISTS removal ON history (page_id, revision) WHERE document IS NULL;

-- Tokens that were issued before a Page was removed do not cover it any more.
UPDATE token SET pages = (
    SELECT '[' || coalesce(string_agg(page.id, ','), '') || ']'
    FROM json_array_elements_text(CAST(token.pages AS json)) AS page (id)
    WHERE NOT EXISTS (
        SELECT 1 FROM history
        WHERE history.document IS NULL AND history.changed_ms >= token.issued_ms
            AND history.page_id = CAST(CASE
                WHEN CAST(page.id AS numeric) > 9223372036854775807
                THEN CAST(page.id AS numeric) - 18446744073709551616
                ELSE CAST(page.id AS numeric) END AS bigint)
    )
)
WHERE pages IS NOT NULL;
