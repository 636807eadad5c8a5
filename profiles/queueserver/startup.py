"""A start-up module of one's own: ours, and what a site adds.

Use it with `mxplans serve --startup-module startup` and its folder on PYTHONPATH.

Every generator function at the top of the module is a plan that the execution queue knows; who may run it stands in
`permissions.yaml`. Keep devices out of the module's top: a string in a request that equals a device's name is replaced by
the device where a plan's parameter has no annotation.
"""

from mxplans.app.queueserver.startup import RE, experiment, make_safe

__all__ = ["RE", "experiment", "make_safe"]
