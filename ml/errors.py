"""A person, rather than a programmer, can put right the one error that this module defines."""

from __future__ import annotations


class InputError(ValueError):
    """Says that an input cannot be used; the message is a sentence on why and what to do."""
