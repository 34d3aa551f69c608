"""Definitions: what people edit (YAML, CSV), and the schema that checks each when it is read."""
