"""The pages. Views read through named querysets and change things through services."""
