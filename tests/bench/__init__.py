"""Speed and memory of the site, as figures and ratios measured in one run."""
