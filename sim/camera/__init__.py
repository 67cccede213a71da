"""A camera over the bench that does not exist: its pictures are drawn."""
