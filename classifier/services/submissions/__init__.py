"""Accept, claim, analyse, record, retry and delete single pictures."""
