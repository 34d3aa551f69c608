"""The report's sections, one module a subject; each turns a study folder into sections of a document."""
