"""Show people the pages where they send pictures in and see what became of them."""
