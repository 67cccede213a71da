"""A simulated operator: reads the screen, presses keys, scans labels. Nothing else."""
