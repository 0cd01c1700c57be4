"""People take along or delete their data here, and the site deletes what is too old."""
