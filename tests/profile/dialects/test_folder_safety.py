"""A folder from outside is read safely: links, pipes, sizes, names and what nobody may read."""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path, PurePosixPath

import pytest
from dialect_writers import write_object

from mxplans.errors import InvalidProfile
from mxplans.profile.dialects import Dialect, FileKind, Library, load_folder, load_graph, read_file, read_folder


def read(root: Path) -> dict[str, tuple[str, list[str]]]:
    """Kind of each file and what was found there."""
    return {
        str(file.path): (file.kind.value, [str(finding).split(": ", 1)[1] for finding in file.findings])
        for file in read_folder(root)
    }


def test_all_files_are_told_sorted(tmp_path: Path) -> None:
    write_object(tmp_path, "/b/c", Dialect.XML)
    write_object(tmp_path, "/b-a", Dialect.YAML_A)
    write_object(tmp_path, "/a", Dialect.YAML_B)
    (tmp_path / "b" / "notes.txt").write_text("class: a.B\n")
    (tmp_path / ".hidden.yaml").write_text("a: 1\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.yaml").write_text("class: a.B\n")
    files = read_folder(tmp_path)
    assert [(str(file.path), file.kind) for file in files] == [
        (".hidden.yaml", FileKind.OTHER),
        ("a.yaml", FileKind.OBJECT),
        ("b/c.xml", FileKind.OBJECT),
        ("b/notes.txt", FileKind.OTHER),
        ("b-a.yml", FileKind.OBJECT),
    ]
    assert [file.config.name for file in files if file.config] == ["/a", "/b/c", "/b-a"]


def test_links_within_the_folder_are_files_and_others_are_told(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write_object(tmp_path, "/outside", Dialect.YAML_B)
    write_object(root, "/motors/omega", Dialect.YAML_B)
    for name, target in {
        "inside.yaml": "motors/omega.yaml",
        "out.yaml": "../outside.yaml",
        "absolute.yaml": str(tmp_path / "outside.yaml"),
        "passwd.txt": "/etc/passwd",
        "gone.yaml": "nothing.yaml",
        "self.yaml": "self.yaml",
        "one.yaml": "other.yaml",
        "other.yaml": "one.yaml",
        "folder": "motors",
        "up": "..",
        "motors/again": "../motors",
    }.items():
        (root / name).symlink_to(target)
    out = "error: is a link out of the folder; allowed are links within it: copy the file into it"
    loop = "error: is a link that leads back to itself, or cannot be followed; correct or remove it"
    assert read(root) == {
        "absolute.yaml": ("broken", [out]),
        "gone.yaml": ("broken", ["error: is a link to what is not there; correct or remove it"]),
        "inside.yaml": ("object", []),
        "motors/again": ("broken", ["error: is a link to a folder that it stands in itself; remove it"]),
        "motors/omega.yaml": ("object", []),
        "one.yaml": ("broken", [loop]),
        "other.yaml": ("broken", [loop]),
        "out.yaml": ("broken", [out]),
        "passwd.txt": ("broken", [out]),
        "self.yaml": ("broken", [loop]),
        "up": ("broken", [out]),
    }
    graph = load_folder(root)
    assert len(graph.findings) == 9
    assert graph.instances == ("/inside", "/motors/omega")


@pytest.mark.parametrize("mention", ["up/outside", "loop/loop/loop/a", "round/round/a", "folder.xml", "pipe"])
def test_mentions_through_links_and_pipes_lead_nowhere_outside(tmp_path: Path, mention: str) -> None:
    root = tmp_path / "root"
    write_object(tmp_path, "/outside", Dialect.YAML_B)
    path = write_object(root, "/beamline", Dialect.YAML_B, [("a", f"/{mention}")])
    (root / "up").symlink_to("..")
    (root / "loop").symlink_to("loop")
    (root / "round").symlink_to(".")
    (root / "folder.xml").mkdir()
    os.mkfifo(root / "pipe.yaml")
    begin = time.monotonic()
    graph = load_graph(path)
    assert time.monotonic() - begin < 5
    assert graph.instances == ("/beamline",)
    assert [finding.severity for finding in graph.findings] == ["error"]
    assert load_folder(root).instances == ("/beamline",)


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.xml")
    (tmp_path / "folder.xml").mkdir()
    assert read(tmp_path) == {"pipe.xml": ("broken", ["error: is no file; allowed are files"])}
    file = read_file(tmp_path, PurePosixPath("folder.xml"))
    assert (file.kind, str(file.findings[0])) == (FileKind.BROKEN, "folder.xml: error: is no file; allowed are files")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    write_object(tmp_path, "/a").chmod(0)
    (tmp_path / "b").mkdir(mode=0)
    try:
        assert read(tmp_path) == {
            "a.yaml": ("broken", ["error: cannot be read: Permission denied"]),
            "b": ("broken", ["error: cannot be read: Permission denied"]),
        }
    finally:
        (tmp_path / "b").chmod(0o700)


def test_files_of_50_mb_are_told_and_not_read(tmp_path: Path) -> None:
    heads = {
        "object.yaml": b"class: a.B\nconfiguration:\n",
        "template.yml": b"settings:\n",
        "object.xml": b'<object class="A">\n',
        "page.xml": b"<html>\n",
    }
    for name, head in heads.items():
        (tmp_path / name).write_bytes(head + b"a" * (50_000_000 - len(head)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    what = "has 50000000 bytes; allowed are 4000000: is it the right file?"
    assert read(tmp_path) == {
        "object.xml": ("broken", [f"error: {what}"]),
        "object.yaml": ("broken", [f"error: {what}"]),
        "page.xml": ("other", [f"warning: {what}"]),
        "template.yml": ("other", [f"warning: {what}"]),
    }
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000 or sys.platform != "linux"


def test_names_that_are_no_utf_8_are_told(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/m\xff.yaml")).write_text("class: a.B\n")
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    (file,) = read_folder(tmp_path)
    assert file.kind is FileKind.OTHER
    (finding,) = file.findings
    assert str(finding).encode() == (
        b"m\\udcff.yaml: warning: the name of this file is no UTF-8, and nothing can mention it: "
        b"it is carried along as it is; rename it"
    )


def test_depth_of_folders_is_told(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 70)
    deep.mkdir(parents=True)
    write_object(deep, "/a")
    (found,) = read(tmp_path).values()
    assert found == ("broken", ["error: is 65 folders deep; allowed are 64"])


def test_a_root_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    for name in ("file", "none", "loop", "nul\0"):
        for function in (read_folder, load_folder, Library, lambda root: read_file(root, PurePosixPath("a.yaml"))):
            with pytest.raises(InvalidProfile, match="give"):
                function(tmp_path / name)


def test_each_file_is_read_once(tmp_path: Path) -> None:
    path = write_object(tmp_path, "/a", Dialect.YAML_B)
    library = Library(tmp_path)
    first = library.read(PurePosixPath("a.yaml"))
    path.unlink()
    assert library.read(PurePosixPath("a.yaml")) is first
    assert library.find("/a", [PurePosixPath()]).definitions == ()
