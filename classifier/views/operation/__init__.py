"""Answer the people and the programs that run the site."""
