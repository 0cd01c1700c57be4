"""Show people the pages about their own account."""
