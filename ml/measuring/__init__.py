"""This room measures how good a network is, and at what."""
