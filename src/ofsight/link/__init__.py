"""ofsight.link."""
