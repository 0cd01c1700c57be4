"""A worker loads this room: it leads from a decoded picture to all that is said about it."""
