"""The block `x-mxplans` of a YAML-B file: what a hardware object says and YAML-B has no form for.

MXCuBE's loader leaves keys that it does not know alone, so the block is for mxplans only. It is strict about its own
keys, each of which may be left out:

```yaml
x-mxplans:
  root: device                  # element the XML file consisted of, where not `object`
  import: /other                # this name stands for another object (`hwr_import`)
  arguments: {mode: devel}      # further arguments of the constructor
  references:                   # with `target`: whole ones that `objects` cannot hold, at their index among all
    - {index: 2, target: /motors/x, path: [motors]}
    - {role: y, tag: device}    # without `target`: more about one that stands in `objects`
  commands:                     # with `target`: whole commands that no section can hold
    - {protocol: tine, name: open, target: OPEN, address: /P1/SHUTTER, attributes: {tag: 1}, arguments: [[arg, 5]]}
  channels:                     # without `target`: further attributes of one that stands in a section
    - {protocol: tango, name: state, address: a/b/c, attributes: {polling: events}}
  extras:                       # what MXCuBE does not hear: attributes, text beside elements, shadowed leaves
    - {kind: attributes, path: [position, 0], value: {delta: 0.1}}
  texts:                        # with `migrate --literals yaml`: the text that a structure was written as
    - {path: [limits], text: "(4, 20)"}
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mxplans.profile import yaml12
from mxplans.profile.dialects._extension_reading import Entry, calls_of, extras_of, references_of, with_texts
from mxplans.profile.dialects.config_object import Call, ConfigObject, Extra, Path, Reference
from mxplans.profile.dialects.section_forms import section_attributes, stand_in_objects, stand_in_sections

EXTENSION_KEY = "x-mxplans"
"""Key of the block at the top level of a YAML-B file."""


def extension_of(config: ConfigObject, texts: Mapping[Path, str] | None = None) -> dict[str, Any] | None:
    """What of an object has no form in YAML-B's own sections, as the block says it; None if there is nothing.

    Args:
        config: The object.
        texts: Texts that are written as structures in `configuration`, by path.
    """
    block: dict[str, Any] = {}
    if config.root != "object" or (config.class_path is None and config.redirect is None):
        # Without a class, the block is what tells a hardware object from any other file.
        block["root"] = config.root
    if config.redirect is not None:
        block["import"] = config.redirect
    if config.arguments:
        block["arguments"] = dict(config.arguments)
    lists = {
        "references": _references(config),
        "commands": _calls(config.commands),
        "channels": _calls(config.channels),
        "extras": [_extra(extra) for extra in config.extras],
        "texts": [{"path": list(path), "text": text} for path, text in (texts or {}).items()],
    }
    block.update({key: entries for key, entries in lists.items() if entries})
    return block or None


def _references(config: ConfigObject) -> list[dict[str, Any]]:
    standing = zip(config.references, stand_in_objects(config), strict=True)
    entries = [(stands, _reference(index, each, stands)) for index, (each, stands) in enumerate(standing)]
    return [entry for stands, entry in entries if not stands or len(entry) > 1]


def _reference(index: int, reference: Reference, stands: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {} if stands else {"index": index}
    if reference.role is not None:
        entry["role"] = reference.role
    if not stands:
        entry["target"] = reference.target
    if reference.path:
        entry["path"] = list(reference.path)
    if reference.tag != "object":
        entry["tag"] = reference.tag
    return entry


def _calls(calls: tuple[Call, ...]) -> list[dict[str, Any]]:
    found = []
    for call, stands in zip(calls, stand_in_sections(calls), strict=True):
        entry: dict[str, Any] = {"protocol": call.protocol, "name": call.name}
        attributes = dict(call.attributes)
        if stands:
            for key, _ in section_attributes(call):
                del attributes[key]
            if not attributes:
                continue
        else:
            entry["target"] = call.target
        if call.address is not None:
            entry["address"] = call.address
        if attributes:
            entry["attributes"] = attributes
        if call.arguments:
            entry["arguments"] = [[tag, value] for tag, value in call.arguments]
        if call.path:
            entry["path"] = list(call.path)
        found.append(entry)
    return found


def _extra(extra: Extra) -> dict[str, Any]:
    value = dict(extra.value) if isinstance(extra.value, Mapping) else extra.value
    return {"kind": extra.kind.value, "path": list(extra.path), "value": value}


def apply_extension(config: ConfigObject, node: yaml12.Node) -> ConfigObject:
    """An object as its sections and the block say it together.

    Args:
        config: What the sections say.
        node: The block.

    Raises:
        InvalidYaml: If the block has a key or value that it may not have, speaks of a reference or call that stands in no
            section, or of a text that is no longer the one its structure was written as.
    """
    block = Entry(
        node,
        EXTENSION_KEY,
        ("root", "import", "arguments", "references", "commands", "channels", "extras", "texts"),
    )
    redirect = block.text("import")
    if redirect is not None and not redirect.startswith("/"):
        block.refuse("import", "allowed is a name with a leading /")
    return replace(
        config,
        root=block.text("root") or config.root,
        redirect=redirect or config.redirect,
        arguments={**config.arguments, **block.dict("arguments")},
        properties=with_texts(config.properties, block),
        references=references_of(config.references, block),
        commands=calls_of(config.commands, block, "commands"),
        channels=calls_of(config.channels, block, "channels"),
        extras=config.extras + extras_of(block),
    )
