"""What a worker loads: from a decoded picture to all that is said about it."""
