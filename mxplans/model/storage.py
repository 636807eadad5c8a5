"""Where files go."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator

FIELDS = ("sample", "dataset", "item", "proposal", "beamline")
NEEDED = ("dataset", "item")
"""Without these two datasets could share a folder, and catalogues know a dataset by its folder."""
_UNSAFE = re.compile(r"[^A-Za-z0-9_.+-]")
_PLAIN = re.compile(r"[A-Za-z0-9_.+/-]*\Z")


class Storage(BaseModel):
    """The layout of a night's or a queue's files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str = Field(
        default="{out}/data",
        description="Folder of the frames, as this computer sees it; stands as {data} for devices and services",
    )
    dataset_folder: str = Field(
        default="{sample}/{dataset}_{item}",
        description="Of each dataset, below the folder of the frames. {sample}: its name; {dataset}: prefix of the sweep, "
        "or the grid; {item}: first eight characters of the experiment's uuid; {proposal}: code of its shipment; "
        "{beamline}: name of the profile",
    )

    @field_validator("dataset_folder")
    @classmethod
    def _known_fields(cls, value: str) -> str:
        parts = re.findall(r"\{([^{}]*)\}", value)
        unknown = [field for field in parts if field not in FIELDS]
        missing = [field for field in NEEDED if field not in parts]
        if not _PLAIN.match(re.sub(r"\{[^{}]*\}", "", value)):
            raise ValueError(f"is {value!r}; allowed besides {{fields}} are letters, digits and _ . + - /")
        if unknown or missing:
            raise ValueError(
                f"is {value!r}, with unknown fields {', '.join(unknown) or '(none)'}, without {', '.join(missing) or '(none)'}; "
                f"allowed are {', '.join(FIELDS)}, and {' and '.join(NEEDED)} must be there"
            )
        if value.startswith("/") or any(part in ("", ".", "..") for part in value.split("/")):
            raise ValueError(f"is {value!r}; allowed is a path below the folder of the frames, without . and ..")
        return value

    def folder(self, dataset: str, item_uid: str | None, sample: str, proposal: str = "", beamline: str = "") -> str:
        """Folder of a dataset, relative to that of the frames.

        Characters that no folder should have become `_`; what is not known leaves no trace.

        >>> Storage().folder("osc", "35e5c4aa-2c4b-4ca7-826e-feff112f3e99", "lyso-1")
        'lyso-1/osc_35e5c4aa'
        >>> Storage(dataset_folder="{proposal}/{sample}/{dataset}_{item}").folder("osc", None, "../a b")
        '.._a_b/osc'
        """
        known = {
            "sample": sample,
            "dataset": dataset,
            "item": (item_uid or "")[:8],
            "proposal": proposal,
            "beamline": beamline,
        }
        safe = {name: _UNSAFE.sub("_", value) for name, value in known.items()}
        parts = (part.format_map(safe).rstrip("_-") for part in self.dataset_folder.split("/"))
        return "/".join("_" if part in (".", "..") else part for part in parts if part)
