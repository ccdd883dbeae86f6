"""The package's own tables, read once: factors, products, limits, protocols, findings. Each row carries source, edition, year and state.

`load()` is the only door. Rows that await a clinician's sign-off are listed by `awaiting_sign_off`.
"""
