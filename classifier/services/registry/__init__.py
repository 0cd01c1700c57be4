"""The models that the site knows: registered, chosen, asked about earlier pictures."""
