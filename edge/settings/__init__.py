"""config/*.toml read once into frozen values; the only reader of configuration."""
