"""Pages of what a person sends in and of what became of it."""
