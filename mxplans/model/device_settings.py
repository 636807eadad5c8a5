"""A device as a profile names it, and what its class says of its settings: the base of their models, and shared types."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator


class DeviceSettings(BaseModel):
    """Settings of a device as a profile gives them, one field for each argument of the class's constructor.

    A device class names its model `Settings`. Fields have a description, bounds, the unit in their names, and the
    defaults of the constructor; a device's name is its role and no setting of it.

    >>> class Settings(DeviceSettings):
    ...     timeout_s: TimeoutS = Field(default=30.0, description="Real seconds until a move has failed")
    >>> Settings().timeout_s
    30.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


TimeoutS: TypeAlias = Annotated[float, Field(gt=0)]
"""Seconds until something has failed."""
Address: TypeAlias = Annotated[str, Field(pattern=r"^[^\s:/]+:[0-9]{1,5}$", examples=["127.0.0.1:9001"])]
"""Host and port."""
HttpUrl: TypeAlias = Annotated[str, Field(pattern=r"^https?://\S+$", examples=["http://127.0.0.1:8080"])]
"""Of a service that speaks HTTP."""
PvPrefix: TypeAlias = Annotated[str, Field(pattern=r"^\S*$", examples=["BL07I-MO-GON-01:"])]
"""Of process variables, or the whole name of one."""


class DeviceEntry(BaseModel):
    """A device: its class by path and the keyword arguments of its constructor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cls: str = Field(
        alias="class",
        pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$",
        description="Path of the class, package.module:Name",
        examples=["mxplans_devices:Smargon"],
    )
    settings: dict[str, Any] = Field(
        default={}, description="Keyword arguments of its constructor, as its class declares"
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
