"""Robots on an MQTT broker."""
