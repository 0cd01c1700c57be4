"""Encrypt the secrets of second factors, so that a copy of the database does not tell them."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter

from classifier.encryption import fernet

PURPOSE = "second factor"


class EncryptingMFAAdapter(DefaultMFAAdapter):
    """Encrypts with a key made from ``SECRET_KEY``.

    What was encrypted under a key in ``SECRET_KEY_FALLBACKS`` can still be read.
    """

    def encrypt(self, text: str) -> str:
        """Return ``text`` as a Fernet token."""
        return fernet(PURPOSE).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the text that `encrypt` was given."""
        return fernet(PURPOSE).decrypt(encrypted_text.encode()).decode()
