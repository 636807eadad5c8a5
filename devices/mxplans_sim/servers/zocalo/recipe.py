"""Messages of runs: what starts and ends one, and which grids belong together."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_GROUPS_KEPT = 200
_GRIDS_IN_GROUP = 20


class BadRecipeError(ValueError):
    """A message that is no run, or one that was not started."""


class RunStart(BaseModel):
    """A grid begins. Other parameters are for others."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    ispyb_dcid: int = Field(ge=0, description="Data collection of this grid")
    ispyb_dcgid: int | None = Field(None, description="Group of data collections; by the file when absent")
    filename: str | None = Field(None, max_length=4096, description="Which file its frames go to")
    start_frame_index: int = Field(0, ge=0, description="First frame in that file")
    number_of_frames: int = Field(gt=0, description="Product of the grid's axes")
    message_index: int = Field(0, ge=0, description="Which trigger of the series")


class RunEnd(BaseModel):
    """A grid is over."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    ispyb_dcid: int = Field(ge=0)


@dataclass
class Group:
    """Grids of one scan."""

    key: str
    runs: dict[int, RunStart] = field(default_factory=dict)
    running: set[int] = field(default_factory=set)

    @property
    def ordered(self) -> list[RunStart]:
        """Its runs as they were taken, whatever the order of the messages."""
        return sorted(self.runs.values(), key=lambda run: (run.message_index, run.start_frame_index))

    @property
    def recipe_parameters(self) -> dict[str, int]:
        """What results say of where they come from: the last data collection, and the group or the first one."""
        first, last = self.ordered[0], self.ordered[-1]
        return {
            "dcid": last.ispyb_dcid,
            "dcgid": first.ispyb_dcid if first.ispyb_dcgid is None else first.ispyb_dcgid,
        }


class Groups:
    """Knows the runs of late."""

    def __init__(self) -> None:
        self._groups: OrderedDict[str, Group] = OrderedDict()

    def take(self, content: bytes) -> Group | None:
        """Take a message; gives a group when its last run has ended.

        Raises:
            BadRecipeError: If it is no run, or ends one that was not started.
        """
        run = read_run(content)
        if isinstance(run, RunStart):
            self._start(run)
            return None
        for group in reversed(self._groups.values()):
            if run.ispyb_dcid in group.running:
                group.running.discard(run.ispyb_dcid)
                return None if group.running else group
        raise BadRecipeError(f"run {run.ispyb_dcid} ends and was not started")

    def _start(self, run: RunStart) -> None:
        key = run.filename if run.ispyb_dcgid is None else f"group {run.ispyb_dcgid}"
        key = f"run {run.ispyb_dcid}" if key is None else key
        group = self._groups.setdefault(key, Group(key))
        if run.ispyb_dcgid is None and run.start_frame_index in {
            each.start_frame_index for each in group.runs.values()
        }:
            # The file begins again: another scan under the same name.
            group.runs.clear()
            group.running.clear()
        group.runs[run.ispyb_dcid] = run
        group.running.add(run.ispyb_dcid)
        if len(group.runs) > _GRIDS_IN_GROUP:
            raise BadRecipeError(f"{key} has {len(group.runs)} grids, at most {_GRIDS_IN_GROUP} are taken")
        self._groups.move_to_end(key)
        while len(self._groups) > _GROUPS_KEPT:
            self._groups.popitem(last=False)


def read_run(content: bytes) -> RunStart | RunEnd:
    """Read `{"recipes": [...], "parameters": {...}}`; the parameter `event` is start or end.

    Raises:
        BadRecipeError: If it is anything else.
    """
    try:
        message = json.loads(content)
        recipes, parameters = message["recipes"], dict(message["parameters"])
        if not isinstance(recipes, list) or not all(isinstance(recipe, str) for recipe in recipes):
            raise BadRecipeError("recipes must be a list of names")
        # Some senders call it dcid at the end.
        parameters.setdefault("ispyb_dcid", parameters.get("dcid"))
        event = parameters.get("event", "start" if "number_of_frames" in parameters else "end")
        if event not in ("start", "end"):
            raise BadRecipeError(f"event is {event!r}; allowed are start and end")
        return RunStart.model_validate(parameters) if event == "start" else RunEnd.model_validate(parameters)
    except BadRecipeError:
        raise
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise BadRecipeError(f"not the parameters of a run: {faults}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadRecipeError(f"not a recipe: {type(error).__name__}: {error}") from error
