"""What the shipped table makes of classes of MXCuBE, one by one."""

from dataclasses import replace

import pytest

from mxplans.profile.dialects.config_object import ConfigObject
from mxplans.profile.mapping import Fate, Piece, load_table
from mxplans.profile.mapping.matching import row_for
from tests.profile.mapping.mapping_support import channel, fate, mapped, sections_of, settings_of, thing

EXPORTER = "md.site.example:9001"


def motor(name, motor, **more):
    return thing(name, "MicrodiffMotor", {"exporter_address": EXPORTER, "actuator_name": motor, **more})


def test_a_micro_diffractometer_gives_goniometer_and_what_its_exporter_serves():
    found = mapped(
        motor("/o", "Omega", direction=-1),
        motor("/cx", "CentringX", direction=1),
        motor("/cy", "CentringY"),
        thing("/md", "PX2Diffractometer", {"exporter_address": EXPORTER}, phi="/o", sampx="/cx", sampy="/cy"),
    )
    assert settings_of(found, "goniometer") == {
        "address": EXPORTER,
        "axes.omega.motor": "Omega",
        "axes.omega.sign": -1,
        "axes.y.motor": "CentringY",
        "axes.y.sign": 1,  # nobody said
        "axes.z.motor": "CentringX",
        "axes.z.sign": -1,  # along the beam, against CentringX
    }
    for role in ("viewer", "fast_shutter", "backlight", "aperture"):
        assert settings_of(found, role)["address"] == EXPORTER
    assert "devices.viewer.settings.url" in {missing.key for missing in found.missing}
    assert fate(found, "/md", Piece.REFERENCE, "phi") == (
        Fate.MAPPED,
        "devices.goniometer.settings.axes.omega.motor, devices.goniometer.settings.axes.omega.sign",
    )


def test_a_child_of_another_kind_makes_no_axis():
    found = mapped(thing("/o", "MotorMockup"), thing("/md", "MD3", {"exporter_address": EXPORTER}, phi="/o"))
    assert settings_of(found, "goniometer") == {"address": EXPORTER}


def test_a_second_diffractometer_is_to_be_chosen_from():
    one, two = (thing(f"/{name}", "MD2", {"exporter_address": f"{name}:9001"}) for name in ("one", "two"))
    found = mapped(one, two)
    state, why = fate(found, "/one")
    assert state is Fate.MAPPED
    assert why.split(", ") == [
        f"devices.{role}" for role in ("goniometer", "viewer", "fast_shutter", "backlight", "aperture")
    ]
    state, why = fate(found, "/two")
    assert state is Fate.TODO
    assert "/one" in why


def test_a_second_object_that_says_the_same_of_a_device_is_mapped_as_well():
    found = mapped(*(thing(name, "MDFastShutter", {"exporter_address": EXPORTER}) for name in ("/one", "/two")))
    assert found.counts[Fate.TODO] == 0
    assert fate(found, "/two", Piece.PROPERTY) == (Fate.MAPPED, "devices.fast_shutter.settings.address")


def test_an_exporter_s_address_is_taken_from_its_channels_too():
    state = replace(thing("/md", "MD3"), channels=(channel("state", "State", "exporter", EXPORTER),))
    found = mapped(state)
    assert settings_of(found, "goniometer") == {"address": EXPORTER}
    assert fate(found, "/md", Piece.CHANNEL)[0] is Fate.MAPPED


def test_a_redirect_is_another_name_of_its_object():
    found = mapped(
        motor("/o", "Omega"),
        ConfigObject("/other", root="hwr_import", redirect="/o"),
        thing("/md", "MD3", {"exporter_address": EXPORTER}, phi="/other"),
    )
    assert settings_of(found, "goniometer")["axes.omega.motor"] == "Omega"
    assert fate(found, "/other") == (Fate.MAPPED, "another name of /o")


def test_what_is_mentioned_and_not_there_is_to_be_done():
    found = mapped(thing("/d", "Detector", {"width": 10}, detector_distance="/nowhere"))
    assert fate(found, "/d", Piece.REFERENCE) == (Fate.TODO, "there is no object /nowhere")


def test_an_address_of_no_host_and_port_makes_no_device():
    found = mapped(thing("/md", "MD2", {"exporter_address": "md.site.example"}))
    assert found.devices[0].role == "spot_finder"
    assert fate(found, "/md", Piece.PROPERTY)[0] is Fate.TODO


def test_the_same_class_over_tango_is_to_be_done():
    found = mapped(thing("/md", "MD2", {"tangoname": "lab/md/1"}))
    assert [device.role for device in found.devices] == ["spot_finder"]
    assert fate(found, "/md")[0] is Fate.TODO
    assert fate(found, "/md", Piece.PROPERTY)[0] is Fate.TODO


def test_motors_that_only_phases_move_are_not_needed():
    found = mapped(motor("/stop", "BeamstopX"))
    assert {entry.fate for entry in found.entries} == {Fate.NOT_NEEDED}


@pytest.mark.parametrize("name", ["", "val"])
def test_a_motor_record_in_the_right_role_is_the_detector_distance(name):
    z = replace(
        thing("/z", "EPICSMotor", {"default_limits": "(500, 100)"}),
        channels=(channel(name, "S:DET:Z.VAL"), channel("rbv", "S:DET:Z.RBV"), channel("dmov", "S:OTHER.DMOV")),
    )
    found = mapped(z, thing("/d", "Detector", None, detector_distance="/z"))
    assert settings_of(found, "detector_distance") == {"prefix": "S:DET:Z"}
    assert sections_of(found)["limits.distance_range_mm"] == [100.0, 500.0]
    assert fate(found, "/z", Piece.CHANNEL, "rbv") == (Fate.MAPPED, "follows from prefix")
    assert fate(found, "/z", Piece.CHANNEL, "dmov")[0] is Fate.TODO


def test_a_motor_record_in_no_role_is_to_be_done():
    found = mapped(replace(thing("/z", "EPICSMotor"), channels=(channel("", "S:DET:Z"),)))
    assert fate(found, "/z")[0] is Fate.TODO


def test_energy_flux_and_ring_make_one_beam():
    found = mapped(
        replace(thing("/m", "MachInfo"), channels=(channel("current", "R:CURRENT_RBV"),)),
        replace(thing("/f", "Flux"), channels=(channel("rbv", "S:BEAM:FLUX_RBV"),)),
        replace(
            thing("/e", "LNLSEnergy", {"default_limits": "(5.5, 20)", "default_value": 12.65}),
            channels=(channel("val", "S:BEAM:ENERGY"), channel("rbv", "S:BEAM:ENERGY_RBV")),
        ),
        thing("/b", "Beamline", None, energy="/e", flux="/f", machine_info="/m"),
    )
    assert settings_of(found, "beam") == {"prefix": "S:BEAM:", "ring_prefix": "R:"}
    assert sections_of(found)["limits.energy_range_ev"] == [5500.0, 20000.0]
    assert sections_of(found)["limits.energy_ev"] == 12650.0
    assert fate(found, "/f", Piece.CHANNEL)[0] is Fate.MAPPED


def test_an_energy_of_other_names_is_to_be_done_with_its_place():
    energy = replace(thing("/e", "Energy"), channels=(channel("val", "S:MONO:E"),))
    found = mapped(energy, thing("/b", "Beamline", None, energy="/e"))
    assert "beam" not in {device.role for device in found.devices}
    state, why = fate(found, "/e", Piece.CHANNEL)
    assert state is Fate.TODO
    assert "does not end with 'ENERGY'" in why


def test_transmission_is_an_attenuator_and_percent_a_fraction():
    found = mapped(
        replace(
            thing("/t", "LNLSTransmission", {"low_limit": 0.5}),
            channels=(channel("val", "S:ATT"), channel("rbv", "S:ATT_RBV")),
        ),
        thing("/b", "Beamline", None, transmission="/t"),
    )
    assert settings_of(found, "attenuator") == {"prefix": "S:ATT"}
    assert sections_of(found)["limits.transmission_min_frac"] == 0.005


def test_a_detector_is_one_of_simplon_where_its_url_is_known():
    sensor = {"width": 2068, "height": 2162, "px": 0.075, "py": 0.0751, "minimum_exposure_time": 0.002}
    known = mapped(thing("/d", "LimaEigerDetector", {**sensor, "simplon_url": "dcu.site.example"}))
    unknown = mapped(thing("/d", "LimaEigerDetector", {**sensor, "lima_device": "lab/lima/1"}))
    assert settings_of(known, "detector") == {"url": "http://dcu.site.example", "data_dir": "{data}"}
    assert "devices.detector" in {missing.key for missing in unknown.missing}
    assert fate(unknown, "/d", Piece.PROPERTY, "lima_device")[0] is Fate.TODO
    for found in (known, unknown):
        assert sections_of(found) == {
            "limits.detector_nx": 2068,
            "limits.detector_ny": 2162,
            "limits.pixel_um": 75.0,
            "limits.frame_time_min_s": 0.002,
        }
        assert fate(found, "/d", Piece.PROPERTY, "py")[0] is Fate.TODO  # pixels are square here


def test_apertures_come_with_their_flux():
    found = mapped(
        thing(
            "/a",
            "MicrodiffAperture",
            {"exporter_address": EXPORTER, "values": '{"A10": (0, 10, 0.1), "A50": (1, 50, 1)}'},
        )
    )
    assert sections_of(found)["limits.apertures"] == {
        "10": {"horizontal_um": 10.0, "vertical_um": 10.0, "flux_frac": 0.1},
        "50": {"horizontal_um": 50.0, "vertical_um": 50.0, "flux_frac": 1.0},
    }


def test_sizes_of_a_definer_come_in_um_with_the_usual_one():
    rows = [{"name": "4x4 um", "beam_size": "0.004, 0.004"}, {"name": "wide", "beam_size": "(0.05, 0.02)"}]
    found = mapped(thing("/d", "ID30BBeamDefiner", {"beam_config": rows, "default_size_name": "wide"}))
    assert sections_of(found) == {
        "limits.apertures": {
            "4x4 um": {"horizontal_um": 4.0, "vertical_um": 4.0},
            "wide": {"horizontal_um": 50.0, "vertical_um": 20.0},
        },
        "collection.aperture": "wide",
        "xray.aperture": "wide",
    }
    assert "xray.aperture" in {check.key for check in found.checks}


@pytest.mark.parametrize(
    ("cls", "properties", "told"),
    [
        ("Energy", {"default_value": 12650}, "no energy for diffraction"),  # eV already
        ("Transmission", {"low_limit": 120}, "no fraction"),
        ("Detector", {"width": 2068.5}, "no whole number"),
        ("BeamDefiner", {"values": "50x50"}, "no list, mapping"),
    ],
)
def test_what_cannot_be_meant_is_to_be_done(cls, properties, told):
    found = mapped(thing("/x", cls, properties))
    state, why = fate(found, "/x", Piece.PROPERTY)
    assert state is Fate.TODO
    assert told in why
    assert not sections_of(found)


@pytest.mark.parametrize("sweep", [{"exp_time": 0.02}, [{"exp_time": 0.02}]], ids=["from YAML", "from XML"])
def test_a_property_further_in_is_found_in_either_shape(sweep):
    found = mapped(thing("/b", "Beamline", {"default_acquisition_parameters": {"default": sweep}}))
    assert sections_of(found)["experiment.sweep.exposure_s"] == 0.02


def test_two_words_on_one_limit_are_to_be_chosen_from():
    kappa = motor("/k", "Kappa", default_limits="[0, 240]")
    limits = {"acquisition_limit_values": {"kappa": [0, 200]}}
    found = mapped(
        kappa, thing("/md", "MD3", {"exporter_address": EXPORTER}, kappa="/k"), thing("/b", "Beamline", limits)
    )
    assert sections_of(found)["limits.kappa_range_deg"] == [0.0, 240.0]
    state, why = fate(found, "/b", Piece.PROPERTY)
    assert state is Fate.TODO
    assert "[0.0, 240.0]" in why and "[0.0, 200.0]" in why


def test_an_isara_without_addresses_says_what_is_missing():
    found = mapped(thing("/sc", "ISARA", {"tangoname": "lab/isara/1"}))
    assert {missing.key for missing in found.missing} >= {
        "devices.sample_changer.settings.operate",
        "devices.sample_changer.settings.monitor",
    }
    assert fate(found, "/sc", Piece.PROPERTY)[0] is Fate.TODO


@pytest.mark.parametrize(
    ("cls", "roles", "row"),
    [
        ("XalocEnergy", set(), "energy"),
        ("BIOMAXMD3", set(), "diffractometer"),
        ("Cats90", set(), "robots"),
        ("FlexHCD", set(), "robots"),
        ("QueueManager", set(), "queue"),
        ("ISPyBClient", set(), "LIMS"),
        ("ESRFXRFSpectrum", set(), "spectra"),
        ("TangoLimaVideo", set(), "camera"),
        ("SomethingMockup", set(), "simulation"),
        ("P11DetectorDistance", set(), "detector distance by class"),
        ("EMBLSafetyShutter", set(), "shutters in no role"),
        ("ID30Cryo", set(), "cryostream by class"),
        ("VortexFluoDetector", set(), "spectra"),  # no detector of diffraction
        ("BlissMotor", set(), "bliss"),
        ("BlissMotor", {"detector_distance"}, "detector distance"),
        ("ShutterMockup", {"safety_shutter"}, "safety shutter"),
        ("ShutterMockup", {"fast_shutter"}, "shutters"),
    ],
)
def test_the_row_for_a_class(cls, roles, row):
    found = row_for(thing("/x", cls), roles, load_table())
    assert found is not None
    assert found.name == row


def test_a_class_that_nobody_knows_has_no_row():
    assert row_for(thing("/x", "Kettle"), (), load_table()) is None
    found = mapped(thing("/x", "Kettle", {"litres": 2}))
    assert fate(found, "/x")[1].startswith("no row of the table is for class Kettle")
    assert fate(found, "/x", Piece.PROPERTY) == (Fate.TODO, "goes with its object")
