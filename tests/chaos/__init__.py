"""Upload many pictures while everything dies in turn: ``make chaos``."""
