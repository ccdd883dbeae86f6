"""What is kept: the terminology database (SQLite through SQLAlchemy)."""
