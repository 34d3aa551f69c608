"""ofsight.report."""
