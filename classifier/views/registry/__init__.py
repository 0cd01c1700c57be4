"""Pages about the models that the site knows."""
