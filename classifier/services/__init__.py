"""Services do the work of the site. They own the transactions and every change of status."""
