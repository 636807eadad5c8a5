"""`python -m mxplans_sim`."""

from mxplans_sim.cli import main

if __name__ == "__main__":
    main()
