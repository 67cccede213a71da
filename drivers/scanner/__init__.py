"""Hand scanners: serial lines and keyboards."""
