"""What outbox and exporter offer."""

import inspect

import mxplans_lims.exporter
import mxplans_lims.outbox


def test_the_public_names_are_sorted_and_complete():
    for module in (mxplans_lims.outbox, mxplans_lims.exporter):
        public = {
            name
            for name, thing in vars(module).items()
            if not name.startswith("_") and getattr(thing, "__module__", "").startswith("mxplans_lims")
        }
        assert public <= set(module.__all__)
        assert module.__all__ == sorted(module.__all__, key=lambda name: (not name.isupper(), name))
        assert all(inspect.getdoc(getattr(module, name)) for name in public)
