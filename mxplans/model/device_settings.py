"""A device as a profile names it, and what its class says of its settings: the base of their models, and shared types."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError, PydanticKnownError


class DeviceSettings(BaseModel):
    """Settings of a device as a profile gives them, one field for each argument of the class's constructor.

    A device class names its model `Settings`. Fields have a description, bounds, the unit in their names, and the
    defaults of the constructor; a device's name is its role and no setting of it.

    >>> class Settings(DeviceSettings):
    ...     timeout_s: TimeoutS = Field(default=30.0, description="Real seconds until a move has failed")
    >>> Settings().timeout_s
    30.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


def _of_form(pattern: str, told: str) -> Callable[[str], str]:
    """A check of a text's form that says the form in words."""
    form = re.compile(pattern)

    def check(value: str) -> str:
        if form.fullmatch(value) is None:
            raise PydanticCustomError("text_form", "should be {told}", {"told": told})
        return value

    return check


ADDRESS_PATTERN = r"^[^\s:/]+:[0-9]{1,5}$"
URL_START = r"^https?://"
URL_PATTERN = URL_START + r"\S+$"
NO_BLANK_PATTERN = r"^\S*$"
CLASS_PATH = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"
"""How a class is given: its module, a colon, its name."""
PLACEHOLDER_PATTERN = r"\{[A-Za-z_]\w*(\.[A-Za-z_]\w*)?\}"
"""Of `{name}` and `{service.key}`, which stand for what is known when a session begins."""


def _no_other_one(value: Any, info: ValidationInfo) -> Any:
    """A sign as it is: `true` equals 1, and so does 1.0. A placeholder that is filled is a text."""
    if info.mode == "python" and value in ("1", "-1"):
        return int(value)
    if type(value) is not int:
        raise PydanticKnownError("literal_error", {"expected": "1 or -1"})
    return value


TimeoutS: TypeAlias = Annotated[float, Field(gt=0)]
"""Seconds until something has failed."""
Address: TypeAlias = Annotated[
    str,
    AfterValidator(_of_form(ADDRESS_PATTERN, "host:port, as 127.0.0.1:9001")),
    WithJsonSchema({"type": "string", "pattern": ADDRESS_PATTERN, "examples": ["127.0.0.1:9001"]}),
]
"""Host and port."""
HttpUrl: TypeAlias = Annotated[
    str,
    AfterValidator(_of_form(URL_PATTERN, "an address of HTTP, as http://127.0.0.1:8080")),
    WithJsonSchema({"type": "string", "pattern": URL_PATTERN, "examples": ["http://127.0.0.1:8080"]}),
]
"""Of a service that speaks HTTP."""
PvPrefix: TypeAlias = Annotated[
    str,
    AfterValidator(_of_form(NO_BLANK_PATTERN, "without blanks, as BL07-MO-GON-01:")),
    WithJsonSchema({"type": "string", "pattern": NO_BLANK_PATTERN, "examples": ["BL07-MO-GON-01:"]}),
]
"""Of process variables, or the whole name of one."""


Sign: TypeAlias = Annotated[Literal[1, -1], BeforeValidator(_no_other_one)]
"""Which way something counts."""


class DeviceEntry(BaseModel):
    """A device: its class by path and the keyword arguments of its constructor."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    cls: str = Field(alias="class", pattern=CLASS_PATH, description="Its class, as package.module:Class")
    settings: dict[str, Any] = Field(
        default={}, description="Of that class, each as it declares it; {placeholders}; secrets by reference only"
    )


class SecretReference(BaseModel):
    """Where a secret stands; never the secret.

    >>> SecretReference(env="BROKER_PASSCODE").env
    'BROKER_PASSCODE'
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    file: Path | None = Field(default=None, description="A file that holds it and nothing else")
    env: str | None = Field(default=None, min_length=1, description="A variable of the environment that holds it")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.file is None) == (self.env is None):
            raise ValueError("a secret is given by file or by env, by one of both")
        return self


Password: TypeAlias = (
    Annotated[str, WithJsonSchema({"type": "string", "pattern": f"^{PLACEHOLDER_PATTERN}$"})] | SecretReference
)
"""A secret: what a profile gives is where it stands, or a placeholder for what a service says."""
