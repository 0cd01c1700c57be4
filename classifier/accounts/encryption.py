"""Secrets of second factors, unreadable in a copy of the database."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter

from classifier.encryption import fernet

PURPOSE = "second factor"


class EncryptingMFAAdapter(DefaultMFAAdapter):
    """Encrypts with a key made from ``SECRET_KEY``; older ones in ``SECRET_KEY_FALLBACKS`` read."""

    def encrypt(self, text: str) -> str:
        """Return ``text`` as a Fernet token."""
        return fernet(PURPOSE).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return what `encrypt` was given."""
        return fernet(PURPOSE).decrypt(encrypted_text.encode()).decode()
