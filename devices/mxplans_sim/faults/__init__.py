"""Faults on demand: by script or by chance, at a time, a sample, a place, a count."""

from mxplans_sim.faults.catalogue import CATALOGUE
from mxplans_sim.faults.engine import Faults
from mxplans_sim.faults.kind import Kind, Manner, Parameter
from mxplans_sim.faults.rules import Rule, load_scenario, read_rules

__all__ = ["CATALOGUE", "Faults", "Kind", "Manner", "Parameter", "Rule", "load_scenario", "read_rules"]
