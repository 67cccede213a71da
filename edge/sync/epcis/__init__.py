"""The target kind `epcis`: journal events as EPCIS 2.0, checked, captured, hashed."""
