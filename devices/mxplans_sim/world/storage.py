"""Which specimens stand in the dewar, made from the shipment, the world file and the seed."""

from __future__ import annotations

import logging

from mxplans_sim.settings import SampleTruth, WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.world.dewar import Dewar
from mxplans_sim.world.seeding import draw_truth, make_specimen
from mxplans_sim.world.specimen import Specimen

_log = logging.getLogger(__name__)
Place = tuple[int, int]


class Storage:
    """The pins of the dewar; those that are lost or missing are not in it.

    Args:
        settings: The world file.
        dewar: What the shipment says.
        truth: Is told what really stands where.
    """

    def __init__(self, settings: WorldSettings, dewar: Dewar, truth: Truth) -> None:
        self.dewar = dewar
        self._seed = settings.seed
        self._specimens: dict[Place, Specimen] = {}
        known = {sample.name for pin in dewar.values() for sample in pin.samples}
        for name in sorted(set(settings.samples) - known):
            _log.warning("the world file tells of sample %s, which is not in the shipment", name)
        for place, pin in dewar.items():
            given = settings.samples.get(pin.name)
            facts = draw_truth(settings.seed, pin, settings.mix) if given is None else given
            specimen = None if facts.missing else make_specimen(settings.seed, pin, facts)
            if specimen is not None:
                self._specimens[place] = specimen
            for sample in pin.samples:
                truth.add_sample(specimen, sample.name, place, facts.empty)

    def specimen(self, place: Place) -> Specimen | None:
        """What belongs in a place; None for a missing pin."""
        return self._specimens.get(place)

    def exchange(self, place: Place, sample_class: str) -> None:
        """Let the pin of a place be of another class, if there is one."""
        if place in self._specimens:
            changed = make_specimen(self._seed, self.dewar[place], SampleTruth.of(sample_class))
            self._specimens[place] = changed

    def lose(self, place: Place) -> None:
        """Take a pin away for good."""
        self._specimens.pop(place, None)

    def name(self, place: Place) -> str:
        """Name of the sample that belongs in a place; empty for none."""
        return self.dewar[place].name if place in self.dewar else ""

    def barcode(self, place: Place) -> str:
        """Barcode on the pin in a place; empty for none. A pin of another place brings another one."""
        specimen = self.specimen(place)
        if place not in self.dewar or specimen is None:
            return ""
        barcode = self.dewar[place].barcode
        return barcode[::-1] + "?" if specimen.mount.foreign else barcode
