"""Reference data coming in: announced returns and the item master, by HTTP or as files."""
