"""VDA 5050 messages as values: topics, header, orders out, states in. Knows no broker."""
