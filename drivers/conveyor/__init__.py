"""Conveyors and diverters behind a PLC."""
