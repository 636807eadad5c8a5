"""What tests of plans share: spots as a finder would give them, and the order of messages."""

import threading

from mxplans.model import FrameSpots, Spot


def analysed_now(message):
    """Let an analysis that a plan triggers come to its end."""
    done = threading.Event()
    message.obj.trigger().add_callback(lambda _: done.set())
    assert done.wait(30)


def spots(number, lit):
    """Frames of which some show a crystal."""
    spot = Spot(x_px=10, y_px=10, intensity=200, sigma=15, d_a=4.2)
    return tuple(FrameSpots(image=image, spots=(spot,) * 5 if image in lit else ()) for image in range(1, number + 1))


def order(messages, *wanted):
    """Index of the first message of each (command, device name or None), each after the one before."""
    position, found = 0, []
    for command, name in wanted:
        for index in range(position, len(messages)):
            message = messages[index]
            if message.command == command and (name is None or getattr(message.obj, "name", None) == name):
                found.append(index)
                position = index + 1
                break
        else:
            raise AssertionError(f"{command} {name} does not follow {wanted[: len(found)]}")
    return found
