"""Who is who: one home through re-registrations, owners and their groups, local authorities through time."""
