"""Composition root of `serve`: settings → devices → journal → station → one TaskGroup."""
