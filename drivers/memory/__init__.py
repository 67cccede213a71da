"""Doubles of the four driver families that keep the same promises without hardware."""
