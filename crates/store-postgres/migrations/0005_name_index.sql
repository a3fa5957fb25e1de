-- The index of names, by which Pages are found: see name_index in settings-store. The program fills it
-- from the names after this statement.
CREATE TABLE IF NOT EXISTS name_segment (
    -- The signed id from which on Pages are in the segment, up to the first id of the next one.
    first_id bigint PRIMARY KEY,
    -- Which groups of letters occur in its names.
    filter   bytea NOT NULL,
    -- The signed ids and folded names of its Pages that have a name and were not removed.
    names    bytea NOT NULL
);

-- The names are short already, and are sent whole: without compression they are read twice as fast.
ALTER TABLE name_segment ALTER COLUMN names SET STORAGE EXTERNAL;
