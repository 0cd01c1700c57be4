"""The one error of this package that a person, rather than a programmer, can put right."""

from __future__ import annotations


class InputError(ValueError):
    """What was given cannot be used; the message is a sentence saying why and what to do."""
