"""Which groups there are."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from mxplans.app.ipython.desk import Desk
from mxplans.app.ipython.plan_group import PlanGroup
from mxplans.app.ipython.plans import collect, exchange, optical, orient, safe, udc, xray

GROUPS: Mapping[str, ModuleType] = {
    "exchange": exchange,
    "optical": optical,
    "xray": xray,
    "orient": orient,
    "collect": collect,
    "udc": udc,
    "safe": safe,
}
"""In the order of work."""


def plan_groups(desk: Desk) -> dict[str, PlanGroup]:
    """All groups by name, bound to a desk."""
    return {
        name: PlanGroup(name, (module.__doc__ or "").strip(), module.PLANS, desk) for name, module in GROUPS.items()
    }
