"""Pure returns policy: bytes and values in, values out."""
