"""Tasks in MXCuBE's format, for tests."""


def collection(**parameters):
    base = {"num_images": 100, "osc_start": 0.0, "osc_range": 0.1, "exp_time": 0.02, "prefix": "p"}
    return task("DataCollection", **(base | parameters))


def task(kind, /, **parameters):
    return {"type": kind, "sampleID": "1:05", "checked": True, "queueID": -1, "parameters": parameters}


def interleaved(*wedges, images=10):
    return task("Interleaved", wedges=list(wedges), swNumImages=images)


def sample(*tasks, **fields):
    tasks = [task | {"sampleID": fields.get("sampleID", "1:05")} for task in tasks]
    base = {"type": "Sample", "sampleID": "1:05", "location": "1:5", "sampleName": "S-105", "checked": True}
    return base | {"queueID": -1, "tasks": list(tasks)} | fields
