"""The only HTTP to the EHR: launch, tokens, what a server can do, reads, and the writes that the guard permitted."""
