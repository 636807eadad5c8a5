"""What is promised of the source of plans and devices, read from the source: limits on waiting, and one code path."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLANS = ("mxplans/plans", "mxplans/udc")
DEVICES = ("devices/mxplans_devices",)
ONE_PATH = (
    *PLANS,
    *DEVICES,
    "mxplans/centring",
    "mxplans/geometry",
    "mxplans/model",
    "mxplans/queue",
    "mxplans/schedule",
    "mxplans/roles",
)
WAITING = {"wait", "wait_for"}
"""Stubs of bluesky that wait by themselves; they take `timeout`."""
BOTH = {"mv", "mvr", "movr", "trigger_and_read"}
"""Stubs that set or trigger, and wait with no way to say how long."""
MAY_WAIT = {
    "abs_set",
    "complete",
    "collect_while_completing",
    "kickoff",
    "prepare",
    "rel_set",
    "stage",
    "trigger",
    "unstage",
}
"""Stubs that wait when they are told to, as long as it takes."""
SIMULATED = re.compile(r"(?i)simulat|virtual|mock|fake|\bis_sim\b|\bsim_?mode\b|dummy|emulat")


def sources(*folders: str) -> list[Path]:
    found: list[Path] = []
    for folder in folders:
        place = ROOT / folder
        found += [place] if place.suffix == ".py" else sorted(place.rglob("*.py"))
    assert found, folders
    return found


def calls(path: Path) -> Iterator[tuple[str, str, ast.Call]]:
    """Calls of attributes: what they are called on, their name, the call."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield ast.unparse(node.func.value), node.func.attr, node


def waits_by_message(path: Path) -> Iterator[ast.Call]:
    """`Msg("wait", ...)`, the same without its stub."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) != "Msg" or not node.args:
            continue
        if isinstance(node.args[0], ast.Constant) and node.args[0].value in ("wait", "wait_for"):
            yield node


def keywords(call: ast.Call) -> set[str | None]:
    return {keyword.arg for keyword in call.keywords}


@pytest.mark.parametrize("path", sources(*PLANS), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_wait_of_a_plan_has_a_limit(path: Path) -> None:
    for call in waits_by_message(path):
        assert "timeout" in keywords(call), f"{path.name}:{call.lineno} {ast.unparse(call)[:80]}: no timeout"
    for owner, name, call in calls(path):
        if owner != "bps":
            continue
        where = f"{path.name}:{call.lineno} {ast.unparse(call)[:80]}"
        assert name not in BOTH, f"{where}: waits for ever; use waiting.set_and_wait"
        if name in WAITING:
            given = [keyword.value for keyword in call.keywords if keyword.arg == "timeout"]
            assert given, f"{where}: no timeout"
            assert not (isinstance(given[0], ast.Constant) and given[0].value is None), f"{where}: timeout=None"
        told = next((keyword.value for keyword in call.keywords if keyword.arg == "wait"), None)
        if name in MAY_WAIT and told is not None:
            assert isinstance(told, ast.Constant) and told.value is False, f"{where}: waits for ever; use a group"


@pytest.mark.parametrize("path", sources(*DEVICES), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_wait_of_a_device_has_a_limit(path: Path) -> None:
    """Waits of threads and sockets; the waits of a `Task` end with its deadline, which has no default."""
    for owner, name, call in calls(path):
        where = f"{path.name}:{call.lineno} {ast.unparse(call)[:80]}"
        if name in ("join", "result", "acquire") or (name == "wait" and owner != "task"):
            literal = owner.startswith(("'", '"', "b'"))  # "text".join
            assert call.args or "timeout" in keywords(call) or literal, f"{where}: no timeout"
        if owner == "httpx" and name in ("Client", "get", "put", "post"):
            assert "timeout" in keywords(call), f"{where}: no timeout"
        if owner == "socket" and name == "create_connection":
            assert len(call.args) > 1 or "timeout" in keywords(call), f"{where}: no timeout"


@pytest.mark.parametrize("path", sources(*ONE_PATH), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_branches_on_whether_it_is_simulated(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.If | ast.IfExp | ast.While | ast.Assert):
            assert not SIMULATED.search(ast.unparse(node.test)), f"{path.name}:{node.lineno} {ast.unparse(node.test)}"
        if isinstance(node, ast.match_case):
            assert not SIMULATED.search(ast.unparse(node.pattern)), f"{path.name}: {ast.unparse(node.pattern)}"
        if isinstance(node, ast.Attribute):
            assert ast.unparse(node) not in ("os.environ", "os.getenv", "sys.modules"), f"{path.name}:{node.lineno}"


@pytest.mark.parametrize(
    "text",
    [
        "if self.simulated: pass",
        "x = 1 if bl.name.startswith('virtual') else 2",
        "while not is_sim(): pass",
    ],
)
def test_such_a_branch_would_be_found(text: str) -> None:
    tests = [node.test for node in ast.walk(ast.parse(text)) if isinstance(node, ast.If | ast.IfExp | ast.While)]
    assert all(SIMULATED.search(ast.unparse(test)) for test in tests)
