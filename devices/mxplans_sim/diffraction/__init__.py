"""Diffraction of the virtual crystals: which spots a frame shows, how strong, and the frame itself."""
