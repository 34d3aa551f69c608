"""ofsight.demo."""
