"""Labelled pictures: where they come from, which may be learnt from, and how they are varied."""
