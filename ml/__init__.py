"""This package trains and evaluates skin-lesion classifiers, and answers with them.

The package is pure Python and Keras. Nothing in it knows of Django, users or a database.
"""
