"""Each sub-command of ``python -m ml`` is a module of its own.

A module is imported, with all its heavy parts, only when its command is run.
"""
