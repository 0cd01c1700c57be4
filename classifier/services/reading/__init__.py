"""Let clinicians say what they think of the pictures that were sent in."""
