"""What only `make dev` uses: nothing that runs the site for others comes here."""
