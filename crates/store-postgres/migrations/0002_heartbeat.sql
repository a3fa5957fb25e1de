-- What servers that keep copies write to prove that they reach the leader: one row for each line.
CREATE TABLE IF NOT EXISTS heartbeat (
    line_id   bigint PRIMARY KEY,
    beaten_ms bigint NOT NULL
);
