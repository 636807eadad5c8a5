"""Whether what was, or is to be, measured adds up: images of sweeps, order, points, times, cells."""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, radians

from mxplans.model._problem import Problem
from mxplans.model.clouds import PointCloud
from mxplans.model.crystals import UnitCell
from mxplans.model.experiments import CollectionSweep, MxExperiment, Scan
from mxplans.model.jobs import Job, VolumeScan
from mxplans.model.message import Message

PARALLEL = ("coordinates", "grouping", "intensities", "resolutions", "reflection_counts", "dozor_scores")
"""Lists of a cloud, of which the n-th values belong together."""
_NOT_OVER = ("Template", "Ready", "Running")


def lines(message: Message) -> Iterator[Problem]:
    """The lines of a mesh have equally many images."""
    for key, sweep in message.collection_sweeps.items():
        number, rows = sweep.number_images, sweep.number_lines
        if number is not None and rows and number % rows:
            yield Problem(
                f"CollectionSweep.{key}.numberLines", rows, f"a divisor of numberImages, {number}", "correct either"
            )


def scans(message: Message) -> Iterator[Problem]:
    """The images of all scans lie within the series of their sweep.

    Where the numbers start is the sender's choice, since sweeps may share one series: what is certain is that they
    span no more than the sweep has. Positions say more, where the sweep is no mesh.
    """
    for key, sweep in message.collection_sweeps.items():
        if sweep.number_images is None or not sweep.scans:
            continue
        first = min(scan.first_image_number for scan in sweep.scans)
        for index, scan in enumerate(sweep.scans):
            path = f"CollectionSweep.{key}.scans.{index}"
            last = scan.first_image_number + scan.number_images - 1
            if last - first + 1 > sweep.number_images:
                yield Problem(
                    f"{path}.numberImages",
                    scan.number_images,
                    f"an end at image {first + sweep.number_images - 1} or before, not {last}, as the sweep has "
                    f"{sweep.number_images} images and starts with {first}",
                    "correct the scan, or numberImages of the sweep",
                )
            elif _outside(sweep, scan):
                yield Problem(
                    f"{path}.scanPositionStart",
                    scan.scan_position_start,
                    f"a position from which {scan.number_images} images fit between start and end of the sweep",
                    "correct the scan, or start and numberImages of the sweep",
                )


def _outside(sweep: CollectionSweep, scan: Scan) -> bool:
    """By more than half an image, which leaves room for what an encoder reads."""
    start = (sweep.axis_positions_start or {}).get(sweep.scan_axis)
    overlap = sweep.overlap or 0.0
    if start is None or sweep.image_width is None or sweep.number_lines or sweep.mesh_range or overlap >= 1:
        return False
    before = (scan.scan_position_start - start) / (sweep.image_width * (1 - overlap))
    return before < -0.5 or before + scan.number_images > (sweep.number_images or 0) + 0.5


def ordinals(message: Message) -> Iterator[Problem]:
    """No two scans of an experiment have one place in time; asked and done count apart."""
    groups: dict[str, list[str]] = {}
    for key, sweep in message.collection_sweeps.items():
        if sweep.source_ref is not None:
            groups.setdefault(f"{sweep.source_ref.ref} (done)", []).append(key)
    jobs: dict[str, MxExperiment | VolumeScan] = {
        **{f"#/MxExperiment/{key}": experiment for key, experiment in message.mx_experiments.items()},
        **{f"#/VolumeScan/{key}": volume_scan for key, volume_scan in message.volume_scans.items()},
    }
    for path, job in jobs.items():
        groups[f"{path} (asked)"] = list(dict.fromkeys(ref.key for ref in job.template_data_refs or ()))
    for group, sweeps in groups.items():
        owners: dict[int, str] = {}
        for key in sweeps:
            sweep_found = message.collection_sweeps.get(key)
            for index, scan in enumerate(sweep_found.scans or () if sweep_found else ()):
                path = f"CollectionSweep.{key}.scans.{index}"
                owner = owners.setdefault(scan.ordinal, path)
                if owner != path:
                    yield Problem(
                        f"{path}.ordinal",
                        scan.ordinal,
                        f"what no other scan of {group} has; {owner} has this",
                        "number the scans of the experiment in the order of acquisition",
                    )


def clouds(message: Message) -> Iterator[Problem]:
    """The lists of a cloud are equally long, and its groups are numbered from 0."""
    for key, scan in message.volume_scans.items():
        for name, cloud in (("searchVolume", scan.search_volume), ("resultVolume", scan.result_volume)):
            if cloud is not None:
                yield from _cloud(f"VolumeScan.{key}.{name}", cloud)


def _cloud(path: str, cloud: PointCloud) -> Iterator[Problem]:
    present = [(name, getattr(cloud, name)) for name in PARALLEL if getattr(cloud, name) is not None]
    for name, values in present[1:]:
        first, points = present[0][0], len(present[0][1])
        if len(values) != points:
            alias = PointCloud.model_fields[name].alias
            yield Problem(
                f"{path}.{alias}",
                f"{len(values)} values",
                f"{points}, one for each of {PointCloud.model_fields[first].alias}",
                "give one value for each point, or leave the list out",
            )
    for index, group in enumerate(cloud.grouping or ()):
        if group < 0:
            yield Problem(f"{path}.grouping.{index}", group, "0 for background, 1 and up for crystals", "correct it")


def times(message: Message) -> Iterator[Problem]:
    """A job ends after it started, and one that is not over has no end.

    An end is not asked of a job that is over: MXLIMS does not, and of one whose process died nobody knows it.
    """
    for type_name, key, job in message.objects():
        if not isinstance(job, Job) or job.end_time is None:
            continue
        path, end = f"{type_name}.{key}.endTime", job.end_time.isoformat()
        if job.start_time is not None and job.end_time < job.start_time:
            yield Problem(path, end, f"startTime, {job.start_time.isoformat()}, or later", "correct either")
        if job.job_status in _NOT_OVER:
            yield Problem(
                path, end, f"none, as jobStatus is {job.job_status}", "leave it out, or say how the job ended"
            )


def cells(message: Message) -> Iterator[Problem]:
    """The angles of a unit cell can meet in one corner."""
    for type_name, key, one in message.objects():
        for name, field in type(one).model_fields.items():
            cell = getattr(one, name)
            if isinstance(cell, UnitCell) and not _has_volume(cell):
                yield Problem(
                    f"{type_name}.{key}.{field.alias}",
                    (cell.alpha, cell.beta, cell.gamma),
                    "angles in deg below 180, of which each is less than the sum of the others and all less than 360",
                    "correct the cell",
                )


def _has_volume(cell: UnitCell) -> bool:
    angles = (cell.alpha, cell.beta, cell.gamma)
    a, b, c = (cos(radians(angle)) for angle in angles)
    return max(angles) < 180 and 1 - a * a - b * b - c * c + 2 * a * b * c > 1e-9
