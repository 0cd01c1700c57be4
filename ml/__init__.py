"""Training, evaluation and inference of skin-lesion classifiers.

The package is pure Python and Keras. Nothing in it knows of Django, users or a database.
"""
