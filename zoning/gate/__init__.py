"""The load gate: proves a pack, or refuses it with a unit that shows why. Takes no pack on trust."""
