"""What is kept: launches, tokens, plans, the write ledger and the audit (SQLite or PostgreSQL), and the terminology database (SQLite)."""
