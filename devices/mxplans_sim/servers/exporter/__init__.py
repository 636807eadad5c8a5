"""A micro-diffractometer of the MD3 kind behind the exporter protocol."""
