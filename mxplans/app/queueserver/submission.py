"""What is put on the queue: queue items, MXLIMS messages or an MXCuBE queue, checked as a whole before anything is added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from mxplans.app.queueserver.requests import PROBLEMS_MOST, Refused, problem, problems_of
from mxplans.errors import InvalidInput, InvalidTasks, LimitExceeded
from mxplans.model import QueueItem, build_queue, parse_message
from mxplans.model.item import with_uuid
from mxplans.profile import Profile
from mxplans.queue.mxcube import read_points, read_queue
from mxplans.schedule import check_limits
from mxplans.udc.experiment import check_kind


@dataclass(frozen=True)
class Submission:
    """What a request asks for.

    Attributes:
        items: In their order.
        notes: What had no place in our model, with its path.
        disabled: Uuids of those that are not to be run yet.
    """

    items: tuple[QueueItem, ...]
    notes: list[dict[str, Any]] = field(default_factory=list)
    disabled: frozenset[str] = frozenset()


def read_submission(content: Any, profile: Profile, within_limits: bool = True) -> Submission:
    """Make items of a request's body.

    Args:
        content: One queue item, a list of them, an MXLIMS message (it has a `version`), or `{"mxcube": …}`, a queue of
            MXCuBE's, with the places of its shapes as `points` where they are known.
        profile: Has the limits, and what a sample without an experiment gets.
        within_limits: Whether to refuse what the beamline cannot do.

    Raises:
        Refused: 422 with everything that is wrong.
    """
    if isinstance(content, dict) and "mxcube" in content:
        submission = _from_mxcube(content, profile)
    elif isinstance(content, dict) and "version" in content:
        submission = _from_message(content, profile)
    else:
        several = isinstance(content, list)
        submission = Submission(_parse(content if several else [content], several))
    if not submission.items:
        raise Refused(422, [problem(["body"], "holds no experiment; give one at least")])
    if within_limits:
        check_items(submission.items, profile)
    return submission


def _parse(contents: Sequence[Any], several: bool) -> tuple[QueueItem, ...]:
    items, found = [], []
    for number, content in enumerate(contents):
        try:
            items.append(QueueItem.model_validate(with_uuid(content)))
        except ValidationError as error:
            found += problems_of(error, (number,) if several else ())
        if len(found) > PROBLEMS_MOST:
            break
    if found:
        raise Refused(422, found)
    return tuple(items)


def _from_message(content: Any, profile: Profile) -> Submission:
    try:
        message = parse_message(content, "the message")
        return Submission(build_queue(message, profile.experiment.sweep, profile.experiment.strategy))
    except ValidationError as error:
        raise Refused(422, problems_of(error)) from None
    except InvalidInput as error:
        raise Refused(422, [problem(["body"], str(error))]) from None


def _from_mxcube(content: dict[str, Any], profile: Profile) -> Submission:
    try:
        points = read_points(content.get("points", {}))
        read = read_queue(content["mxcube"], points=points, kappa=profile.limits.kappa_range_deg is not None)
    except InvalidTasks as error:
        found = error.problems[:PROBLEMS_MOST]
        told = [
            problem(["mxcube", each.path], f"allowed is {each.allowed}: {each.remedy}", each.value) for each in found
        ]
        raise Refused(422, told) from None
    notes = [{"path": each.path, "value": each.value, "why": each.reason} for each in read.ignored]
    return Submission(read.items, notes, read.unchecked)


def check_items(items: Sequence[QueueItem], profile: Profile) -> None:
    """Say what the beamline cannot do now, and not at night.

    Raises:
        Refused: 422 with everything that it cannot do.
    """
    found = []
    for number, item in enumerate(items):
        at = (number,) if len(items) > 1 else ()
        for check in (_kind_problems, _limit_problems(profile)):
            found += [problem((*at, "sweeps"), text) for text in check(item)]
        if len(found) > PROBLEMS_MOST:
            break
    if found:
        raise Refused(422, found)


def _kind_problems(item: QueueItem) -> list[str]:
    try:
        check_kind(item)
    except LimitExceeded as error:
        return [str(error)]
    return []


def _limit_problems(profile: Profile) -> Callable[[QueueItem], list[str]]:
    def check(item: QueueItem) -> list[str]:
        try:
            return [str(violation) for violation in check_limits(item, profile.limits)]
        except InvalidInput as error:
            return [str(error)]

    return check
