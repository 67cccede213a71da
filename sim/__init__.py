"""The other end of every wire; shares no code with the product."""
