"""A beamline of names only, for tests of the order of messages."""

from dataclasses import dataclass, field

from mxplans.roles import Beamline


@dataclass(eq=False)
class Named:
    """Something a message can be addressed to."""

    name: str
    parent: object = None
    frames: tuple = ()
    children: dict = field(default_factory=dict)

    def __getattr__(self, name):
        if name.startswith("_") or name not in self.__dict__.get("children", {}):
            raise AttributeError(name)
        return self.children[name]


def named(name, *children):
    return Named(name, children={child: Named(f"{name}_{child}") for child in children})


def beamline_of_names():
    return Beamline(
        goniometer=named("goniometer", "omega", "x", "y", "z", "scan", "spin"),
        viewer=named("viewer", "frame", "zoom", "um_per_px", "beam_x_px", "beam_y_px", "snapshot_file", "recorder"),
        detector=named("detector", "sequence_id"),
        detector_distance=named("detector_distance"),
        spot_finder=named("spot_finder"),
        sample_changer=named("sample_changer", "load", "unload", "pin_mounted", "current_puck", "current_pin"),
        fast_shutter=named("fast_shutter"),
        attenuator=named("attenuator"),
        backlight=named("backlight"),
        aperture=named("aperture", "beam_size"),
        beam=named("beam", "energy", "flux", "ring_current"),
        sample_detector=named("sample_detector"),
    )
