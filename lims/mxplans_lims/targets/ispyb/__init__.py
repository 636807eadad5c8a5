"""Records as rows of ISPyB: what the rows are stands in `rows`, how they are written in the modules that name a way."""
