"""Who may do what: the table that is documented is the one that is kept."""

import re

import pytest

from mxplans.queue import Action, Group, may, permissions


def documented():
    rows = re.findall(r"^\| (\w+) +\| (\S+) +\| (\S+) +\| (\S+) +\| (\S+) +\|", permissions.__doc__, re.MULTILINE)
    return [row for row in rows if row[0] != "action"]


def test_the_table_in_the_documentation_is_complete():
    assert [row[0] for row in documented()] == [action.value for action in Action]


@pytest.mark.parametrize("row", documented(), ids=lambda row: row[0])
def test_what_is_documented_is_kept(row):
    action, *scopes = row
    for group, scope in zip(("staff", "udc", "user", "observer"), scopes, strict=True):
        assert may(group, Action(action), own=True) is (scope in ("any", "own"))
        assert may(group, Action(action), own=False) is (scope == "any")


def test_an_observer_changes_nothing():
    assert {action for action in Action if may(Group.OBSERVER, action, own=True)} == {Action.SEE}


def test_an_unknown_group_may_do_nothing():
    assert not any(may(group, action, own=True) for group in ("", "Staff", "primary") for action in Action)
