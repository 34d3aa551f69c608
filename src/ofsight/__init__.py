"""ofsight: who runs England's children's homes, and how inspectors judge them."""
