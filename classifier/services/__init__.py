"""What the site can do, one verb a module. Services own the transactions and every status."""
