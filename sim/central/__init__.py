"""The central platform: receives events, hands out feeds, can be made to fail."""
