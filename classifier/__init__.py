"""This is the one Django app. It holds everything that a person or an operator sees."""
