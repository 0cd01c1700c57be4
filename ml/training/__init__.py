"""From labelled pictures to the weights of a network."""
