"""The store: SQLAlchemy Core over SQLite (later PostgreSQL). The only room that speaks SQL."""
