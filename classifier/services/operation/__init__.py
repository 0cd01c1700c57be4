"""Tell how the site runs: whether its parts work, how the analysis does, and all at a glance."""
