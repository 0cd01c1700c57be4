"""Only `make dev` uses this; nothing that runs the site for others comes here."""
