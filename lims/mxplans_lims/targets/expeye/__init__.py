"""ISPyB over REST, in the shape of Diamond's ExpEye: what is known of its routes, and what is assumed, see `routes`.

Rows come from `targets.ispyb.rows`, with their units. A row is looked up before it is made, so that a lost answer makes
none twice: groups by our uid in their comments, collections by their number within the group, robot actions by what and
when, positions and grids as the only ones of their collection.
"""

from mxplans_lims.targets.expeye._target import ExpeyeSettings, ExpeyeTarget

__all__ = ["ExpeyeSettings", "ExpeyeTarget"]
