"""ISPyB through its stored procedures, with `ispyb.open`: for sites that let nobody write into the tables.

Rows come from `targets.ispyb.rows`; `procedures` says which table each procedure writes, and what has none. Procedures know
no natural keys: a row is looked up with SELECT on the same connection, so that a lost answer makes none twice.
"""

from mxplans_lims.targets.ispyb_procedures._target import IspybProceduresSettings, IspybProceduresTarget

__all__ = ["IspybProceduresSettings", "IspybProceduresTarget"]
