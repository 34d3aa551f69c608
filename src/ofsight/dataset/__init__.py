"""The longitudinal record of every inspection of every home: tables, build, validation, store."""
