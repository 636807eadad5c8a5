"""Where work comes from: places that can be asked for samples and what is to be done with them.

A source is found by entry point `mxplans.sample_sources`; `fetching.fetch` asks one and writes what it says.
"""
