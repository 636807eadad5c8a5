"""A stand-in for zocalo: a small STOMP broker, and behind it X-ray centring from the true scores of grids."""
