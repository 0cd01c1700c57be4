"""The one Django app: everything a person or an operator sees."""
