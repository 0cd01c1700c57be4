"""Clinicians read what was sent in, and say what they think of it."""
