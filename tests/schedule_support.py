"""Random experiments, and sweeps with little to say."""

from hypothesis import strategies as st

from mxplans.model import Sweep

ORIENTATIONS = ((None, None, None), (0.0, 0.0, None), (60.0, 0.0, None), (60.0, 90.0, None))


def sweep(number_images=10, image_width_deg=0.1, **more):
    return Sweep(number_images=number_images, image_width_deg=image_width_deg, **{"exposure_s": 0.1} | more)


@st.composite
def sweeps(draw):
    """A sweep that differs from the others in any of what an order may loop over."""
    kappa, phi, chi = draw(st.sampled_from(ORIENTATIONS))
    return sweep(
        draw(st.integers(1, 4000)),
        draw(st.sampled_from((0.05, 0.1, 0.2, 0.3, 0.7, 1.0))),
        omega_start_deg=draw(st.sampled_from((-90.0, 0.0, 0.1, 180.0))),
        energy_ev=draw(st.sampled_from((None, 12658.0, 12660.5))),
        distance_mm=draw(st.sampled_from((None, 150.0, 200.0))),
        inverse=draw(st.integers(0, 1)),
        pass_number=draw(st.integers(1, 2)),
        position=draw(st.sampled_from((None, 1, 2))),
        kappa_deg=kappa,
        phi_deg=phi,
        chi_deg=chi,
    )


orders = st.permutations("gsbdi").flatmap(lambda all_: st.integers(0, 5).map(lambda n: "".join(all_[:n])))
experiments = st.lists(sweeps(), min_size=1, max_size=8)
wedges = st.one_of(st.none(), st.integers(1, 5000))
