"""THE loop of the station: input → decide → commit → apply → effects."""
