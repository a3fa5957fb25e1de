-- The CRC-32 of the document's bytes; NULL: there is no document, or the entry is older than this column.
ALTER TABLE history ADD COLUMN checksum INTEGER;
