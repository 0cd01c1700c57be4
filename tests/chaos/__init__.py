"""Many uploads while everything dies in turn: ``make chaos``."""
