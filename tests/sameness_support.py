"""What must be the same in two nights of one world, whatever time they were run in."""

import re
import uuid

from night_support import short_profile

STEADY = {"beam: {": "beam: {ring: {lifetime_h: 1.0e+18}, "}
STAMPS = {"time", "timestamp", "timestamps", "versions", "robot_start_s"}


def steady_profile(folder, **changes):
    """A profile whose beam does not depend on when it is looked at, nor its pictures on when a camera is exposed."""
    profile = short_profile(folder, archive=False, **{"optical:": "optical:\n  turn: steps"}, **changes)
    world = folder / "world.yaml"
    text = world.read_text()
    for old, new in STEADY.items():
        assert old in text
        text = text.replace(old, new)
    world.write_text(text)
    return profile


def without_stamps(night):
    """Documents with ids numbered as they come, and without times and places."""
    numbers = {}

    def plain(value):
        if isinstance(value, dict):
            return {plain(key): plain(item) for key, item in value.items() if key not in STAMPS}
        if isinstance(value, list):
            return [plain(item) for item in value]
        if isinstance(value, float):
            return round(value, 6)
        if not isinstance(value, str):
            return value
        value = value.replace(str(night.out.resolve()), "OUT")
        value = re.sub(r"127\.0\.0\.1:\d+", "HOST", value)
        return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", numbered, value)

    def numbered(found):
        if uuid.UUID(found[0]).version != 4:
            return found[0]
        return f"#{numbers.setdefault(found[0], len(numbers))}"

    return [[name, plain(document)] for name, document in night.documents()]
