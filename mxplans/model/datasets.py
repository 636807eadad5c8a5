"""Data that jobs make: what all have in common, and sets of reflections. Sweeps stand beside their experiment."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from mxplans.model._base import MxlimsModel, MxlimsObject, OfPlace, Reference, To
from mxplans.model._values import (
    Correlation,
    Count,
    FractionFromZero,
    NotNegative,
    Number,
    PercentFromZero,
    Positive,
    PositiveWhole,
    Truth,
    Whole,
)
from mxplans.model.crystals import Tensor, UnitCell
from mxplans.model.space_groups import SpaceGroupName

SignalType = Literal["local <I/sigmaI>", "local wCC_half"]
BinningMode = Literal["equalVolume", "equalNumber", "dstarEquidistant", "dstar2Equidistant"]
ReflectionFileType = Literal[
    "scaled and merged MTZ",
    "scaled and unmerged MTZ",
    "unmerged MTZ",
    "XDS INTEGRATE.HKL; unmerged (https://xds.mr.mpg.de/html_doc/xds_files.html#INTEGRATE.HKL)",
    "XDS XDS_ASCII.HKL; scaled and unmerged (https://xds.mr.mpg.de/html_doc/xds_files.html#XDS_ASCII.HKL)",
]
Interval = tuple[Whole, Whole]
Ring = tuple[Positive, Positive]


class Dataset(MxlimsObject):
    """Fields that all data sets share. A data set has a source or was derived from another, not both."""

    base_type: ClassVar[str] = "Dataset"

    role: str | None = Field(
        default=None, description="What it was to its job: Result, Intermediate, Characterisation, Centring and others"
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if getattr(self, "source_ref", None) is not None and getattr(self, "derived_from_ref", None) is not None:
            raise PydanticCustomError("two_origins", "Only one of sourceRef and derivedFromRef is allowed")
        return self


_QUALITY_NAMES = {
    "r_merge": "R_merge",
    "r_meas": "R_meas",
    "r_pim": "R_pim",
    "i_over_sigma_i": "I_over_SigI",
    "cc_one_half": "CC_one_half",
    "cc_ano": "CC_ano",
    "sig_ano": "SigAno",
    "completeness": "Completeness",
    "completeness_spherical": "CompletenessSpherical",
    "completeness_ellipsoidal": "CompletenessEllipsoidal",
    "redundancy": "Redundancy",
    "completeness_ano": "CompletenessAno",
    "completeness_ano_spherical": "CompletenessAnoSpherical",
    "completeness_ano_ellipsoidal": "CompletenessAnoEllipsoidal",
    "redundancy_ano": "RedundancyAno",
}


class ResolutionCutoffs(MxlimsModel):
    """Limits by which the resolution was cut."""

    model_config = ConfigDict(alias_generator=lambda name: _QUALITY_NAMES.get(name, to_camel(name)))

    r_merge: NotNegative | None = Field(default=None, description="R of merging")
    r_meas: NotNegative | None = Field(default=None, description="R of merging, whatever the multiplicity")
    r_pim: NotNegative | None = Field(default=None, description="R of the merged intensities")
    i_over_sigma_i: Number | None = Field(default=None, description="Mean of intensity over its error")
    cc_one_half: Correlation | None = Field(default=None, description="Correlation of half data sets")
    cc_ano: Correlation | None = Field(default=None, description="Correlation of anomalous differences")
    sig_ano: Number | None = Field(default=None, description="Anomalous signal over its error")


class ReflectionStatistics(ResolutionCutoffs):
    """Quality of all reflections or of those in a shell."""

    resolution_limits: tuple[Number, Number] = Field(description="Low, then high resolution, A")
    number_observations: PositiveWhole | None = Field(default=None, description="All observations")
    number_observations_unique: PositiveWhole | None = Field(default=None, description="Unique reflections")
    number_reflections_rejected: Count | None = Field(default=None, description="Rejected reflections")
    chi_squared: NotNegative | None = Field(default=None, description="Chi squared of merging")
    completeness: PercentFromZero | None = Field(default=None, description="%")
    completeness_spherical: PercentFromZero | None = Field(default=None, description="%, of the sphere")
    completeness_ellipsoidal: PercentFromZero | None = Field(default=None, description="%, of the ellipsoid")
    redundancy: NotNegative | None = Field(default=None, description="Observations per reflection")
    completeness_ano: PercentFromZero | None = Field(default=None, description="%, of Bijvoet pairs")
    completeness_ano_spherical: PercentFromZero | None = Field(
        default=None, description="%, of Bijvoet pairs of the sphere"
    )
    completeness_ano_ellipsoidal: PercentFromZero | None = Field(
        default=None, description="%, of Bijvoet pairs of the ellipsoid"
    )
    redundancy_ano: NotNegative | None = Field(default=None, description="Observations per Bijvoet mate")


class ReflectionSet(Dataset):
    """Processed reflections, as a reflection file holds them; names follow mmCIF's `reflns`."""

    mxlims_type: Literal["ReflectionSet"] = "ReflectionSet"
    anisotropic_diffraction: Truth | None = Field(
        default=None, description="Whether the limits depend on direction; false if left out"
    )
    space_group_name: SpaceGroupName | None = Field(default=None, description="Space group found")
    refined_unit_cell: UnitCell | None = Field(default=None, description="Unit cell found")
    operational_resolution: Number | None = Field(default=None, description="Resolution by resolutionCutoffs, A")
    diffraction_limits_estimated: Tensor | None = Field(
        default=None, description="Axes of the ellipsoid of what can be observed, A, measured or not"
    )
    wavelengths: tuple[Positive, ...] | None = Field(default=None, description="A")
    iso_b_wilson_estimate: Number | None = Field(default=None, description="B of the Wilson plot, A^2")
    aniso_btensor: Tensor | None = Field(default=None, description="Anisotropic B, A^2")
    number_reflections: Count | None = Field(default=None, description="All measured")
    number_reflections_unique: Count | None = Field(default=None, description="Unique ones")
    h_index_range: Interval | None = Field(default=None, description="Lowest and highest Miller index h")
    k_index_range: Interval | None = Field(default=None, description="Lowest and highest Miller index k")
    l_index_range: Interval | None = Field(default=None, description="Lowest and highest Miller index l")
    possible_twinning: Truth | None = Field(default=None, description="Whether it may be twinned; false if left out")
    twin_fraction: FractionFromZero | None = Field(default=None, description="0 to 1")
    reflection_statistics_overall: ReflectionStatistics | None = Field(default=None, description="Of all reflections")
    reflection_statistics_shells: tuple[ReflectionStatistics, ...] | None = Field(default=None, description="By shell")
    signal_type: SignalType | None = Field(default=None, description="What decides whether a reflection is observable")
    signal_cutoff: Number | None = Field(default=None, description="Its threshold")
    resolution_cutoffs: ResolutionCutoffs | None = Field(default=None, description="What cut the resolution")
    binning_mode: BinningMode | None = Field(default=None, description="How shells are made")
    number_bins: PositiveWhole | None = Field(default=None, description="How many shells")
    reflections_per_bin: PositiveWhole | None = Field(default=None, description="How many in a shell")
    reflections_per_bin_per_sweep: PositiveWhole | None = Field(default=None, description="And of one sweep")
    resolution_rings_detected: tuple[Ring, ...] | None = Field(
        default=None, description="Rings of ice or powder, low and high resolution limit, A"
    )
    resolution_rings_excluded: tuple[Ring, ...] | None = Field(
        default=None, description="Rings left out, low and high resolution limit, A"
    )
    file_type: ReflectionFileType | None = Field(default=None, description="Format and state of the file")
    filename: str | None = Field(default=None, description="Name of the file")
    path: str | None = Field(default=None, description="Its folder")
    source_ref: Annotated[Reference, To("MxProcessing")] | None = Field(
        default=None, description="Processing that made it"
    )
    derived_from_ref: Annotated[Reference, To("ReflectionSet")] | None = Field(
        default=None, description="Reflections that it was made of; not together with sourceRef"
    )
    logistical_sample_ref: OfPlace | None = Field(default=None, description="Where it was measured")
