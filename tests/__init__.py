"""Tests of everything; the tree below mirrors the project's."""

PASSWORD = "correct horse battery"
