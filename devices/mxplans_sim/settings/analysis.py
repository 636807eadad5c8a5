"""Services beside the beamline: image analysis over ZMQ, results of X-ray centring over a message broker."""

from __future__ import annotations

from pydantic import BaseModel, Field

from mxplans_sim.settings.base import STRICT


class MurkoSettings(BaseModel):
    """The service that finds crystal, loop and pin in pictures: how long it takes and how well it sees."""

    model_config = STRICT

    first_s: float = Field(10.0, ge=0, description="Added to the first request: the network is loaded")
    request_s: float = Field(0.05, ge=0, description="Of a request, without its images")
    image_s: float = Field(0.02, ge=0, description="Of an image")
    edge_um: float = Field(3.0, ge=0, description="Wander of the outlines, standard deviation")
    edge_length_um: float = Field(60.0, gt=0, description="Along the outline, over which it wanders")
    erosion_um: float = Field(0.0, description="What all outlines are too far inside; negative is too far outside")
    jitter_um: float = Field(
        1.0, ge=0, description="Shift of all that is seen in an image, standard deviation per axis"
    )
    miss_frac: float = Field(0.0, ge=0, le=1, description="Images in which nothing is found")
    crystal_miss_frac: float = Field(0.0, ge=0, le=1, description="Images in which no crystal is found")
    match_frac: float = Field(0.995, gt=0, lt=1, description="Correlation from which an image is one of the camera's")
    largest_mb: int = Field(256, gt=0, description="Largest request, MiB; its sender is disconnected beyond")
    dies_of_garbage: bool = Field(False, description="Whether a request that is no pickle ends the service")


class BrokerSettings(BaseModel):
    """The message broker. Times are real ones: they are between a client and the broker, not part of the world."""

    model_config = STRICT

    login: str = Field("guest", min_length=1)
    passcode: str = Field("guest", min_length=1, repr=False)
    heart_beat_s: float = Field(10.0, gt=0, description="Shortest period offered and wanted, real seconds")
    connect_s: float = Field(10.0, gt=0, description="Until a connection without CONNECT is closed, real seconds")
    connections: int = Field(100, gt=0, description="At most, at a time")
    largest_mb: int = Field(16, gt=0, description="Largest body of a frame, MiB")
    queue_length: int = Field(50_000, gt=0, description="Messages that a queue stores; more are refused")
    stored_mb: int = Field(256, gt=0, description="Of all stored messages, MiB; more are refused")
    unacknowledged: int = Field(1000, gt=0, description="Messages on their way to a subscriber, at most")


class ZocaloSettings(BaseModel):
    """X-ray centring from the scores of grids: how long it takes and how well it does."""

    model_config = STRICT

    broker: BrokerSettings = Field(default_factory=lambda: BrokerSettings.model_validate({}))
    namespace: str = Field("", pattern=r"^[A-Za-z0-9_.-]*$", description="Before the names of all queues")
    beamline: str = Field("sim", pattern=r"^[A-Za-z0-9_-]+$", description="Results go to the queue xrc.<beamline>")
    recipe_wrapper: bool = Field(True, description="Results as messages of a recipe; otherwise bare")
    gpu: bool = Field(False, description="What results say of their origin")
    delay_s: float = Field(1.0, ge=0, description="From the end of the last grid to the result")
    late_s: float = Field(300.0, ge=0, description="The same for a result that is late, when the fault does not say")
    score_noise_frac: float = Field(0.0, ge=0, description="Relative noise of the scores, standard deviation")
    jitter_boxes: float = Field(
        0.0, ge=0, description="Noise of a centre of mass in boxes, standard deviation per axis"
    )
    threshold_frac: float = Field(0.05, gt=0, lt=1, description="Of the largest voxel: what belongs to a crystal")
    threshold_count: float = Field(5.0, ge=0, description="Scores below this count as zero")
