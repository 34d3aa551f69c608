"""ofsight.dataset."""
