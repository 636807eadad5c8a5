"""Whether an image can tell anything: its type and shape, how much of it is black or saturated."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from mxplans.model.detection import Image

LEAST_PX = 32
WHITE = 255
BLACK = 12
"""Counts below which there is no light: the black level of a camera and its noise."""
DARK_MAX_FRAC = 0.98
"""Even a pin that is much too near leaves a part of the light."""
SATURATED_MAX_FRAC = 0.1
"""A well set camera saturates in a few reflections at most."""


def saturated_frac(image: Image) -> float:
    """Part of an image in which the sensor is full, so that it tells nothing.

    >>> saturated_frac(np.array([[255, 255], [255, 180]], dtype=np.uint8))
    0.75
    """
    return float(np.count_nonzero(image >= WHITE) / max(image.size, 1))


def dark_frac(image: Image) -> float:
    """Part of an image without light.

    >>> dark_frac(np.array([[0, 11], [12, 180]], dtype=np.uint8))
    0.5
    """
    return float(np.count_nonzero(image < BLACK) / max(image.size, 1))


def what_is_wrong(image: Any) -> str:
    """Why something is no image as detectors take it; empty when it is one."""
    if not isinstance(image, np.ndarray):
        return f"the image is a {type(image).__name__}; it must be an array of uint8"
    if image.dtype != np.uint8:
        return f"the image has values of type {image.dtype}; they must be uint8"
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
        return f"the image has the shape {image.shape}; it must be (height, width) or (height, width, 3)"
    if min(image.shape[:2]) < LEAST_PX:
        return f"the image is {image.shape[1]} x {image.shape[0]} px; at least {LEAST_PX} x {LEAST_PX} px are needed"
    return ""


def what_it_lacks(gray: Image, evidence: dict[str, Any]) -> str:
    """Why nothing can be seen in a grey image, empty when something can; adds to the evidence how much is black or full."""
    dark, full = dark_frac(gray), saturated_frac(gray)
    evidence |= {"dark_frac": dark, "saturated_frac": full}
    if dark > DARK_MAX_FRAC:
        return (
            f"{dark:.0%} of the image is dark, below {BLACK} of {WHITE} counts; at most {DARK_MAX_FRAC:.0%} are "
            "allowed; look after the backlight and the exposure time"
        )
    if full > SATURATED_MAX_FRAC:
        return (
            f"{full:.0%} of the image is saturated; at most {SATURATED_MAX_FRAC:.0%} are allowed; turn the light or "
            "the gain down"
        )
    return ""


def as_gray(image: Image) -> Image:
    """One value for each pixel, (height, width)."""
    if image.ndim == 2:
        return image
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def shrunk(gray: Image, factor: int) -> npt.NDArray[np.float32]:
    """Every square of factor x factor pixels as one; rows and columns that fill none are left out."""
    height, width = gray.shape[0] // factor, gray.shape[1] // factor
    whole = gray[: height * factor, : width * factor]
    if factor > 1:
        whole = np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA))
    return whole.astype(np.float32)
