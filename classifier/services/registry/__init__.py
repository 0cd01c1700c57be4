"""Register models, choose one of them, and ask others about earlier pictures."""
