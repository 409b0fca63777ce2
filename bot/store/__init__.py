"""The store: SQLAlchemy Core over SQLite or PostgreSQL. The only room that speaks SQL."""
