"""What can be read, written and called by name, and the answers to the seven kinds of requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mxplans_sim.servers.exporter.values import Refused, Value, decode, encode

Parameter = tuple[str, str]
"""Type and name."""


@dataclass(frozen=True)
class Property:
    """A value with a name.

    Attributes:
        name: As on the wire.
        kind: Java's name of its type.
        read: Gives the present value.
        write: Takes a value of that type; None when it is read only. It returns when the change has begun.
    """

    name: str
    kind: str
    read: Callable[[], Value]
    write: Callable[[Any], Awaitable[None]] | None = None

    @property
    def signature(self) -> str:
        """As it is listed."""
        return f"{self.kind} {self.name} {'READ_ONLY' if self.write is None else 'READ_WRITE'}"


@dataclass(frozen=True)
class Method:
    """Something to call.

    Attributes:
        name: As on the wire.
        kind: Java's name of the type of its result; `void` for none.
        parameters: Types and names.
        call: Takes values of those types. It returns when what was asked for has begun.
    """

    name: str
    kind: str
    parameters: tuple[Parameter, ...]
    call: Callable[..., Awaitable[Value]]

    @property
    def signature(self) -> str:
        """As it is listed."""
        return f"{self.kind} {self.name}({','.join(f'{kind} {name}' for kind, name in self.parameters)})"


class Interface:
    """Answers requests.

    Args:
        name: Of the object that is served.
        properties: By name.
        methods: By name.
    """

    def __init__(self, name: str, properties: Mapping[str, Property], methods: Mapping[str, Method]) -> None:
        self.name = name
        self.properties = properties
        self.methods = methods

    async def answer(self, payload: str) -> str | None:
        """The answer to a request; None for a call that wants none."""
        verb, _, rest = payload.partition(" ")
        try:
            result = await self._do(verb, rest)
        except Refused as refusal:
            answer = f"ERR:{encode(str(refusal))}"
        else:
            answer = "NULL" if result is None else f"RET:{encode(result)}"
        return None if verb == "ASNC" else answer

    async def _do(self, verb: str, rest: str) -> Value:
        match verb:
            case "READ":
                return self._property(rest.strip()).read()
            case "WRTE":
                name, _, text = rest.partition(" ")
                await self._write(name, text)
                return None
            case "EXEC" | "ASNC":
                name, _, text = rest.partition(" ")
                return await self._call(name.strip(), text)
            case "LIST":
                return "".join(f"{method.signature}\t" for method in self.methods.values())
            case "PLST":
                return "".join(f"{entry.signature}\t" for entry in self.properties.values())
            case "NAME":
                return self.name
        raise Refused(f"unknown command {verb[:40]!r}, allowed are READ, WRTE, EXEC, ASNC, LIST, PLST and NAME")

    def _property(self, name: str) -> Property:
        found = self.properties.get(name)
        if found is None:
            raise Refused(f"no property {name[:80]!r}, PLST lists them")
        return found

    async def _write(self, name: str, text: str) -> None:
        found = self._property(name)
        if found.write is None:
            raise Refused(f"{name} is read only")
        await found.write(decode(text, found.kind, name))

    async def _call(self, name: str, text: str) -> Value:
        method = self.methods.get(name)
        if method is None:
            raise Refused(f"no method {name[:80]!r}, LIST lists them")
        # Clients end with one tab or with several: what is empty at the end does not count.
        given = text.rstrip("\t").split("\t") if text.strip() else []
        if len(given) != len(method.parameters):
            raise Refused(
                f"{name} takes {len(method.parameters)} parameters, {len(given)} are given: {method.signature}"
            )
        values = [
            decode(value, kind, f"{name}, {what}") for value, (kind, what) in zip(given, method.parameters, strict=True)
        ]
        return await method.call(*values)
