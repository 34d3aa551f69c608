"""ofsight.definitions."""
