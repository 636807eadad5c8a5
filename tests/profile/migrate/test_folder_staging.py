"""Folders that come into being as a whole: what is left when something fails."""

import os
import socket

import pytest

from mxplans.errors import InvalidProfile
from mxplans.profile.migrate.staging import remove, scratch, staged, take_place
from mxplans.profile.migrate.tree import read_tree, tree_differences


@pytest.fixture
def home(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return home


def filled(folder, text):
    folder.mkdir(exist_ok=True)
    (folder / "a.xml").write_text(text)
    return folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_new_folder_takes_the_place_of_the_old_one(home):
    destination = filled(home / "config", "old")
    with staged(destination) as folder:
        filled(folder, "new")
        take_place(folder, destination)
    assert (destination / "a.xml").read_text() == "new"
    assert names(home) == ["config"]


def test_an_error_meanwhile_leaves_the_old_folder_alone(home):
    destination = filled(home / "config", "old")
    with pytest.raises(KeyboardInterrupt), staged(destination) as folder:
        filled(folder, "new")
        raise KeyboardInterrupt
    assert (destination / "a.xml").read_text() == "old"
    assert names(home) == ["config"]


def test_a_failed_swap_is_undone(home, monkeypatch):
    destination = filled(home / "config", "old")
    rename = os.rename

    def second_fails(source, target):
        if ".new-" in str(source):
            raise OSError(28, "No space left on device")
        rename(source, target)

    monkeypatch.setattr(os, "rename", second_fails)
    with pytest.raises(InvalidProfile, match="No space left"), staged(destination) as folder:
        filled(folder, "new")
        take_place(folder, destination)
    assert (destination / "a.xml").read_text() == "old"
    assert names(home) == ["config"]


def test_an_interrupt_between_the_two_steps_of_the_swap_is_undone(home, monkeypatch):
    destination = filled(home / "config", "old")
    rename = os.rename

    def interrupted(source, target):
        if ".new-" in str(source):
            raise KeyboardInterrupt
        rename(source, target)

    monkeypatch.setattr(os, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt), staged(destination) as folder:
        filled(folder, "new")
        take_place(folder, destination)
    assert (destination / "a.xml").read_text() == "old"
    assert names(home) == ["config"]


def test_what_a_killed_migration_left_is_told_and_not_touched(home):
    filled(home / ".config.before-migration", "old")
    with pytest.raises(InvalidProfile, match="rename it to config"), staged(home / "config"):
        pass
    assert names(home) == [".config.before-migration"]


def test_a_name_that_no_folder_beside_it_can_have_is_told(home):
    with pytest.raises(InvalidProfile, match="File name too long"), staged(home / ("n" * 250)):
        pass
    assert names(home) == []


def test_no_room_for_a_dry_run_is_told(home, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(home / "gone"))
    with pytest.raises(InvalidProfile, match="set TMPDIR"), scratch():
        pass


def test_read_only_folders_can_be_removed(home):
    folder = filled(home / "config", "x")
    (folder / "sub").mkdir()
    filled(folder / "sub", "y")
    (folder / "sub").chmod(0o500)
    remove(folder)
    assert names(home) == []


def test_the_same_folders_have_no_differences(home):
    assert tree_differences(filled(home / "one", "x"), filled(home / "two", "x")) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "a.xml").write_text("y"), "a.xml has other content"),
        (lambda folder: (folder / "a.xml").unlink(), "a.xml is missing"),
        (lambda folder: (folder / "b.xml").touch(), "b.xml is not expected"),
        (lambda folder: (folder / "a.xml").chmod(0o755), "a.xml is a file with mode 755, not a file with mode 644"),
    ],
)
def test_differences_are_named(home, change, said):
    one, two = filled(home / "one", "x"), filled(home / "two", "x")
    for folder in (one, two):
        (folder / "a.xml").chmod(0o644)
    change(one)
    assert tree_differences(one, two) == [said]


def test_links_are_told_and_not_followed(home):
    folder = filled(home / "config", "x")
    (folder / "b.xml").symlink_to("a.xml")
    (folder / "gone").symlink_to("nothing")
    assert {str(path): item.link for path, item in read_tree(folder).items()} == {
        "a.xml": "",
        "b.xml": "a.xml",
        "gone": "nothing",
    }


def test_what_is_no_file_is_refused(home):
    folder = filled(home / "config", "x")
    os.mkfifo(folder / "pipe")
    with pytest.raises(InvalidProfile, match="pipe: is a device, pipe or socket"):
        read_tree(folder)


def test_a_socket_is_no_file(home, monkeypatch):
    folder = filled(home / "config", "x")
    monkeypatch.chdir(folder)  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("s")
        with pytest.raises(InvalidProfile, match="s: is a device, pipe or socket"):
            read_tree(folder)
