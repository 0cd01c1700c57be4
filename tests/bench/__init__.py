"""This measures the site's speed and memory, as figures and ratios of one run."""
