"""Services do what the site can do. They own the transactions and every status."""
