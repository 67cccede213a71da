"""The bench: what lies in front of the operator and can be scanned."""
