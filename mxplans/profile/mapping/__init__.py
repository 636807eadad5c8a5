"""From a configuration of MXCuBE to a profile of mxplans.

A table says which class becomes which device, what is taken from where and how it is converted; sites add rows to it.
What the table does not know becomes a to-do with its place: nothing is dropped, and nothing is guessed.
"""

from mxplans.profile.mapping.items import Item, Piece, items_of
from mxplans.profile.mapping.ledger import Entry, Fate
from mxplans.profile.mapping.loading import load_table
from mxplans.profile.mapping.mapped import Check, Mapped, MappedDevice, MappedValue, Missing
from mxplans.profile.mapping.mapper import map_beamline
from mxplans.profile.mapping.table import Table
from mxplans.profile.mapping.todo import write_todo
from mxplans.profile.mapping.writing import write_profile

__all__ = [
    "Check",
    "Entry",
    "Fate",
    "Item",
    "Mapped",
    "MappedDevice",
    "MappedValue",
    "Missing",
    "Piece",
    "Table",
    "items_of",
    "load_table",
    "map_beamline",
    "write_profile",
    "write_todo",
]
