"""What the station prints: signed labels, numbers, test cards; as pictures and as ZPL."""
