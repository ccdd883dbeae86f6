"""Writing back: what an EHR takes (negotiate, ladder), what may leave at all (guard), and doing it once (execute, recover)."""
