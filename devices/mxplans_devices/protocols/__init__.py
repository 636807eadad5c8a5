"""Clients of the protocols that devices speak, without ophyd."""
