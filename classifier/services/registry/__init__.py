"""The site registers models here, chooses one and asks others about earlier pictures."""
