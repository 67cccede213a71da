"""The journal: the only source of truth of a station. SQLite, all of it, lives here."""
