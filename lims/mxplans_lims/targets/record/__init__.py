"""What always stands beside the data, LIMS or not: the MXLIMS message, and what people and programs want to know first."""

from mxplans_lims.targets.record._target import RecordSettings, RecordTarget

__all__ = ["RecordSettings", "RecordTarget"]
