"""This module defines the one error that a person, rather than a programmer, can put right."""

from __future__ import annotations


class InputError(ValueError):
    """Says that an input cannot be used; the message is a sentence on why and what to do."""
