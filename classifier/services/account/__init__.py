"""Let people take along or delete their data, and delete what is too old."""
