"""Policies as clauses: what a solver needs to prove a pack. Decides nothing itself."""
