"""ofsight.ordinal."""
