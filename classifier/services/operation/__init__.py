"""How the site runs: whether its parts work, figures of the analysis, and all of it at a glance."""
