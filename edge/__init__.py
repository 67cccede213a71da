"""The station: composition, journal, flow, terminal and sync."""
