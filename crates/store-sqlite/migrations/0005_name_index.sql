-- The index of names, by which Pages are found: see name_index in settings-store. The program fills it
-- from the names in the transaction of this migration.
CREATE TABLE name_segment (
    -- The signed id from which on Pages are in the segment, up to the first id of the next one.
    first_id INTEGER PRIMARY KEY,
    -- Which groups of letters occur in its names.
    filter   BLOB NOT NULL,
    -- The signed ids and folded names of its Pages that have a name and were not removed.
    names    BLOB NOT NULL
) STRICT;
