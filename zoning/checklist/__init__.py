"""Checklist files `checklist/1`: values, inheritance, reading, checks between steps."""
