"""Hardware behind four protocols; knows no zone and no edge."""
