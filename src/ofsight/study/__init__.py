"""Every analysis of the study: samples, models, tables, and the ledger of published numbers."""
