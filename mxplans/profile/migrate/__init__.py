"""From XML and YAML-A to YAML-B: one object, what it refers to, or a whole folder, with proof that nothing is lost."""
