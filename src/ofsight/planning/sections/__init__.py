"""The sections of a pack, in the order of a sufficiency statement: from a plan to blocks of a document."""
