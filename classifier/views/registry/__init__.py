"""Show the pages about the models that the site knows."""
