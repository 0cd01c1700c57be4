"""This room leads from labelled pictures to the weights of a network."""
