"""What the detector tells of its health."""

from __future__ import annotations

import math
from typing import Any

TEMPERATURE_C = 24.0
HUMIDITY_PERCENT = 4.0
_DAY_S = 86_400.0


def reading(value: Any, value_type: str = "string", unit: str = "", **more: Any) -> dict[str, Any]:
    """A status parameter as SIMPLON answers."""
    return {"value": value, "value_type": value_type, "access_mode": "r"} | ({"unit": unit} if unit else {}) | more


def housekeeping(now_s: float, state: str, error: str, time: str) -> dict[str, dict[str, Any]]:
    """All status parameters of the detector by name; temperature and humidity follow the time of the day.

    Args:
        now_s: Simulated time.
        state: Of the detector.
        error: What is wrong; empty for nothing.
        time: Time stamp of now.
    """
    day = math.sin(2 * math.pi * now_s / _DAY_S)
    healthy = {"state": "normal", "critical_limits": [0.0, 60.0]}
    temperature = reading(round(TEMPERATURE_C + 0.5 * day, 2), "float", "deg", **healthy)
    humidity = reading(round(HUMIDITY_PERCENT + 0.3 * day, 2), "float", "percent", **healthy)
    return {
        "state": reading(state),
        "error": reading([error] if error else [], "list"),
        "time": reading(time, "date"),
        "temperature": temperature,
        "humidity": humidity,
        "board_000/th0_temp": temperature,
        "board_000/th0_humidity": humidity,
        "builder/dcu_buffer_free": reading(100.0, "float", "percent"),
        "high_voltage/state": reading("READY" if state != "na" else "OFF"),
    }
