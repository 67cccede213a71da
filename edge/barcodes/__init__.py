"""What a payload means: pure, total, and never a guess between two of one type."""
