"""The pure flow machine: decide (input → events), apply (event → state), present (→ view)."""
