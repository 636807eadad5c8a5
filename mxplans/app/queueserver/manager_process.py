"""The RE manager as a module that the launcher can run."""

from bluesky_queueserver.manager.start_manager import start_manager

if __name__ == "__main__":
    start_manager()
