"""ofsight.harmonise."""
