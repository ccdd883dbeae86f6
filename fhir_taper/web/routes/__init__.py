"""One module per screen: a request in, one use case, one page out."""
