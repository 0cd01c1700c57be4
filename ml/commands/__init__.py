"""The sub-commands of ``python -m ml``: one module each, imported heavy parts and all when run."""
