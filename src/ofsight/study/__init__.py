"""ofsight.study."""
