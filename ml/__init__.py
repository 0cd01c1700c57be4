"""Training, evaluation and inference of skin-lesion classifiers.

Pure Python and Keras: nothing in this package knows of Django, users or a database.
"""
