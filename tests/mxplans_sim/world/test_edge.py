import numpy as np
import pytest

from mxplans_sim.world import elements
from mxplans_sim.world.edge import Chemistry, Edge

SE_K_EV = 12657.8
ENERGIES_EV = np.arange(12600.0, 12720.0, 0.1)


@pytest.mark.parametrize(
    ("symbol", "shell", "edge_ev", "step"),
    # Edges: X-ray Data Booklet, table 1-1; steps: Cromer-Liberman f'' above minus below, as tabulated for MAD.
    [("Se", "K", 12658, 3.3), ("Fe", "K", 7112, 3.4), ("Zn", "K", 9659, 3.4), ("Au", "L3", 11919, 3.8)],
)
def test_edges_of_atoms(symbol, shell, edge_ev, step):
    atom = elements.shell(symbol, shell)
    assert atom.edge_ev == pytest.approx(edge_ev, abs=1.0)
    below, above = atom.f_double_prime
    assert above - below == pytest.approx(step, rel=0.06)


def test_a_bare_edge_is_a_step():
    edge = Edge("Se", "K")
    shape = edge.shape(np.array([SE_K_EV - 500, SE_K_EV, SE_K_EV + 500]))
    assert shape == pytest.approx([0.0, 0.5, 1.0], abs=2e-3)
    assert edge.f_double_prime(np.array([12558.0, 12758.0])) == pytest.approx([0.52, 3.7], abs=0.06)


def test_chemistry_shifts_the_edge_and_puts_a_line_behind_it():
    bare, shifted = (Edge("Se", "K", Chemistry(shift_ev)) for shift_ev in (0.0, 5.0))
    assert shifted.shape(ENERGIES_EV + 5.0) == pytest.approx(bare.shape(ENERGIES_EV))
    white = Edge("Se", "K", Chemistry(3.0, white_line=1.0, white_line_ev=2.0, white_line_width_ev=3.0))
    f_double_prime = white.f_double_prime(ENERGIES_EV)
    peak_ev = ENERGIES_EV[f_double_prime.argmax()]
    assert peak_ev == pytest.approx(SE_K_EV + 5.0, abs=0.5)
    assert f_double_prime.max() > 1.5 * 3.75
    # A crystal on this edge: the inflection of f'', where f' is lowest, is a few eV before the peak.
    inflection_ev = ENERGIES_EV[white.f_prime(ENERGIES_EV).argmin()]
    assert 1.0 < peak_ev - inflection_ev < 4.0
    steepest_ev = ENERGIES_EV[np.gradient(f_double_prime).argmax()]
    assert inflection_ev == pytest.approx(steepest_ev, abs=1.0)
    assert white.f_prime(ENERGIES_EV).min() < -8


def test_bandwidth_blurs_the_white_line():
    edge = Edge("Se", "K", Chemistry(0.0, white_line=2.0, white_line_width_ev=2.0))
    sharp, blurred = edge.shape(ENERGIES_EV), edge.shape(ENERGIES_EV, bandwidth_ev=4.0)
    assert blurred.max() < 0.8 * sharp.max()
    assert blurred.sum() == pytest.approx(sharp.sum(), rel=1e-3)


def test_f_prime_is_the_kramers_kronig_partner_of_f_double_prime():
    edge = Edge("Se", "K", Chemistry(0.0, white_line=1.0))
    spread_ev = np.arange(-40_000.0, 40_000.0, 0.25) + SE_K_EV + 0.125
    below, above = edge.atom.f_double_prime
    local = (above - below) * edge.shape(spread_ev)
    at_ev = np.array([12650.0, 12656.0, 12659.0, 12662.0, 12680.0])
    # Principal value on a grid whose points lie symmetrically about each energy.
    direct = np.array([0.25 / np.pi * (local / (e - spread_ev)).sum() for e in at_ev.round(1) - 0.2 + 0.0])
    ours = edge.f_prime(at_ev - 0.2)
    assert np.diff(direct) == pytest.approx(np.diff(ours), abs=0.05)


def test_what_there_is_not_is_refused():
    with pytest.raises(ValueError, match="no element 'Xy'"):
        elements.atomic_number("Xy")
    with pytest.raises(ValueError, match="no shell 'Q'"):
        elements.shell("Se", "Q")
    with pytest.raises(ValueError, match="H has no edge L3"):
        elements.shell("H", "L3")


def test_the_absence_of_the_library_is_told(monkeypatch):
    elements.library.cache_clear()
    monkeypatch.setitem(__import__("sys").modules, "xraylib", None)
    with pytest.raises(elements.MissingLibrary, match="pip install xraylib"):
        elements.library()
    elements.library.cache_clear()
