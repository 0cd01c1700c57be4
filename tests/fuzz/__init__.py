"""Send files and forms that nobody's browser would send: ``make fuzz``."""
