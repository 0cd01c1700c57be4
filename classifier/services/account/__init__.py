"""What belongs to one person's account: taken along, and kept only so long."""
