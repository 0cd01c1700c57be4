"""Answer requests for pages. Views read through named querysets and change through services."""
