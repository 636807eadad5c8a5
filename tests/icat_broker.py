"""The broker of pyicat-plus's mock ICAT, that takes long messages too.

CoilMQ 1.1.0 takes a frame without a content-length, as pyicat-plus sends it, only when it comes in one piece of 4096
bytes; an MX dataset is longer. Here it waits for the rest. Its command line is that of the module it stands for.
"""

import runpy

from coilmq.util import frames

frames.BodyNotTerminated = frames.IncompleteFrame

if __name__ == "__main__":
    runpy.run_module("pyicat_plus_pytest_plugin.servers.coilmq", run_name="__main__", alter_sys=True)
