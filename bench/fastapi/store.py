"""The SQLite file: one connection a thread, WAL, every commit synced."""

import hashlib
import sqlite3
import threading
import time

from models import Settings, SettingsUpdate

SCHEMA = """
CREATE TABLE IF NOT EXISTS token (
    hash BLOB PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS page (
    page_id INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL,
    settings TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS history (
    page_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    changed_at REAL NOT NULL,
    settings TEXT NOT NULL,
    PRIMARY KEY (page_id, revision)
) WITHOUT ROWID;
"""


class Store:
    def __init__(self, path: str) -> None:
        self._path = path
        self._local = threading.local()
        # SQLite has one writer; waiting here is cheaper than polling its lock.
        self._writer = threading.Lock()
        self._connection().executescript(SCHEMA)

    def _connection(self) -> sqlite3.Connection:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, isolation_level=None, timeout=30)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            self._local.connection = connection
        return connection

    def add_token(self, token: str) -> None:
        self._connection().execute("INSERT OR IGNORE INTO token (hash) VALUES (?)", (_hash(token),))

    def knows_token(self, token: str) -> bool:
        row = self._connection().execute("SELECT 1 FROM token WHERE hash = ?", (_hash(token),))
        return row.fetchone() is not None

    def settings(self, page_id: int) -> Settings:
        row = self._connection().execute("SELECT settings FROM page WHERE page_id = ?", (page_id,)).fetchone()
        return Settings() if row is None else Settings.model_validate_json(row[0])

    def update(self, page_id: int, update: SettingsUpdate) -> None:
        connection = self._connection()
        sent = {name: value for name, value in update if value is not None}
        with self._writer:
            connection.execute("BEGIN IMMEDIATE")
            try:
                text = self.settings(page_id).model_copy(update=sent).model_dump_json(exclude_none=True)
                (revision,) = connection.execute(
                    "INSERT INTO page (page_id, revision, settings) VALUES (?, 1, ?) "
                    "ON CONFLICT (page_id) DO UPDATE SET revision = revision + 1, settings = excluded.settings "
                    "RETURNING revision",
                    (page_id, text),
                ).fetchone()
                connection.execute(
                    "INSERT INTO history (page_id, revision, changed_at, settings) VALUES (?, ?, ?, ?)",
                    (page_id, revision, time.time(), text),
                )
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
