"""What stands in the file of an executed sweep: a pure function of the record, in the words and units of NXmx.

What only the frames themselves tell (their type, the mask) is left to the writer.
"""

from __future__ import annotations

from typing import Any

from mxplans.errors import TargetRefused
from mxplans_lims.executed import ExecutedSweep
from mxplans_lims.names import spelled
from mxplans_lims.nxmx import units
from mxplans_lims.nxmx._detector import detector
from mxplans_lims.nxmx._sample import sample
from mxplans_lims.nxmx.images import Images
from mxplans_lims.nxmx.settings import NxmxSettings
from mxplans_lims.nxmx.tree import Tree, field, group, link, rows
from mxplans_lims.records import SampleRecord


def content(record: SampleRecord, sweep: ExecutedSweep, images: Images, settings: NxmxSettings) -> Tree:
    """The file as a tree.

    Raises:
        TargetRefused: If it lacks what a program cannot do without, or contradicts the settings.
    """
    prefix = sweep.asked.get("prefix")
    return {
        "@NX_class": "NXroot",
        "@default": "entry",
        "@file_time": spelled(sweep.end or record.last),
        "@creator": "mxplans",
        "entry": group(
            "NXentry",
            at_version="1.0",
            at_default="data",
            definition=field("NXmx", version="1.0"),
            title=field(" ".join(part for part in (record.sample_name, prefix) if part)),
            start_time=field(spelled(sweep.start)),
            # NXmx asks for both, and for the first only if somebody has seen it.
            end_time=field(sweep.end and spelled(sweep.end)),
            end_time_estimated=field(spelled(sweep.end or record.last)),
            experiment_identifier=field(record.item_uid),
            entry_identifier_uuid=field(sweep.uuid),
            data=_data(sweep),
            sample=sample(record, sweep, images, settings),
            instrument=_instrument(record, sweep, images, settings),
            source=group(
                "NXsource",
                name=_named(settings.source, settings.source_short_name),
                type=field("Synchrotron X-ray Source"),
                probe=field("x-ray"),
            ),
        ),
    }


def _data(sweep: ExecutedSweep) -> Tree:
    """Where the frames go; a rotation also says what its first dimension counts."""
    if sweep.first.role != "rotation":
        return group("NXdata", at_signal="data")
    return group(
        "NXdata",
        at_signal="data",
        at_axes=["omega", ".", "."],
        at_omega_indices=0,
        omega=link("/entry/sample/transformations/omega"),
    )


def _named(name: str, short_name: str | None) -> Tree | None:
    return field(name, **({} if short_name is None else {"short_name": short_name}))


def _instrument(record: SampleRecord, sweep: ExecutedSweep, images: Images, settings: NxmxSettings) -> Tree:
    name = settings.instrument or record.beamline or "unknown"
    transmission = sweep.measured.transmission_frac
    return group(
        "NXinstrument",
        name=_named(name, settings.instrument_short_name or name),
        time_zone=field(settings.time_zone),
        attenuator=transmission and group("NXattenuator", attenuator_transmission=field(min(transmission, 1.0), "")),
        beam=_beam(sweep, images, settings),
        detector=detector(sweep, settings),
    )


def _beam(sweep: ExecutedSweep, images: Images, settings: NxmxSettings) -> Tree:
    measured = sweep.measured
    energy_ev = measured.energy_ev or sweep.detector.energy_ev
    if not energy_ev:
        raise TargetRefused(
            f"no document says the energy of sweep {sweep.uuid}; without a wavelength nobody can process it: record "
            "beam_energy before each scan"
        )
    size_um, behind_aperture, passed = measured.beam_size_um, measured.flux_ph_s, measured.transmission_frac
    # Told at full transmission; at the sample arrives what the attenuator lets through.
    flux = None if behind_aperture is None or passed is None else behind_aperture * min(passed, 1.0)
    horizontal = 2 * settings.polarisation_frac - 1
    known: dict[str, Any] = {} if flux is None else {"at_flux": "total_flux"}
    return group(
        "NXbeam",
        **known,
        incident_wavelength=field(units.ev_to_angstrom(energy_ev), "angstrom"),
        incident_beam_size=field(size_um and [units.um_to_mm(size) for size in size_um], "mm"),
        profile=field(settings.beam_profile),
        total_flux=field(flux, "Hz"),
        # Intensity 1; of a linear polarisation the first parameter is its horizontal less its vertical part.
        incident_polarization_stokes=rows([1.0, horizontal, 0.0, 0.0], images.number),
    )
