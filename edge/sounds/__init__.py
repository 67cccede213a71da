"""What a person hears beside the scanner's own tones. Nothing waits for a sound."""
