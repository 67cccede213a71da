"""A VDA 5050 2.1 vehicle: its own reading of the standard, spoken only over MQTT."""
