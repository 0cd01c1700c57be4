"""These tests cover everything, and the tree below mirrors the project's."""

PASSWORD = "correct horse battery"
