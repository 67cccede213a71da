"""Reference data coming in: what the centre tells, by HTTP or as files; policy packs."""
