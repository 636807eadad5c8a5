"""Where records go: one module per outside format."""
