"""From committed legs to robots and belts: choose, send, reconcile. One open order per robot."""
