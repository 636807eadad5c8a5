"""Settings of devices, LIMS targets and sample sources, checked by what plays the part, before anything starts."""

from __future__ import annotations

from mxplans.errors import InvalidProfile
from mxplans.profile import yaml12
from mxplans.profile._model_problems import NOWHERE, said
from mxplans.profile.device_settings import device_notes, device_problems
from mxplans.profile.lims_settings import lims_problems
from mxplans.profile.loader import PlacedProfile
from mxplans.profile.places import Finding
from mxplans.profile.schema import Profile
from mxplans.profile.tree import Loc, merged, node_of, under


def check_settings(profile: Profile) -> list[tuple[Loc, str]]:
    """What is wrong with the settings: the way to each problem, and what it is.

    Values with placeholders pass; they are checked when they are filled in.
    """
    plain = profile.model_dump(by_alias=True, include={"devices", "lims"})
    devices, lims = (under((name,), node_of(plain[name], NOWHERE)) for name in ("devices", "lims"))
    tree = merged(devices, lims)
    return [(loc, said(finding)) for loc, finding in _problems(profile, tree)]


def findings_of_settings(placed: PlacedProfile) -> list[Finding]:
    """The same with places, and a note for each device class that declares no settings."""
    return [finding for _, finding in _problems(placed.profile, placed.tree)] or device_notes(placed)


def require_settings(profile: Profile, name: str) -> None:
    """See that all classes are there and take their settings, as far as these are known before a session.

    Args:
        profile: Whose devices, targets and sources.
        name: Of the profile, for the error.

    Raises:
        InvalidProfile: With all that is wrong.
    """
    if problems := check_settings(profile):
        raise InvalidProfile("\n  ".join([f"profile {name}:", *(said for _, said in problems)]))


def _problems(profile: Profile, tree: yaml12.Mapping) -> list[tuple[Loc, Finding]]:
    return [*device_problems(profile, tree), *lims_problems(profile, tree)]
