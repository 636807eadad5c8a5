"""A network that goes wrong: proxies on loopback before any server, ours or not."""
