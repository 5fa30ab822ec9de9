"""The heating season of a place: how many days, how cold, how much sun on each facade; and the sun on roofs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pvlib

from twin.errors import TwinError
from twin.geometry import ORIENTATIONS

__all__ = ["Plane", "Season", "facades_and_flat_roof", "irradiation_w_m2"]

Floats = npt.NDArray[np.float64]
_AZIMUTH = dict(zip(ORIENTATIONS, (0.0, 90.0, 180.0, 270.0), strict=True))


@dataclass(frozen=True)
class Season:
    """The heating season, and what the rest of the year needs of the weather.

    Attributes
    ----------
    heating_days : float
        Days whose mean is below the base temperature [d].
    outdoor_c : float
        Mean temperature of those days [degC].
    sun_kwh_m2 : array (4,)
        Irradiation on vertical north, east, south and west in those days [kWh/m2].
    roof_kwh_m2 : float
        Irradiation of the whole year on a roof with solar cells [kWh/m2].
    temp_air_c : array (8760,)
        Outdoor temperature [degC].
    """

    heating_days: float
    outdoor_c: float
    sun_kwh_m2: Floats
    roof_kwh_m2: float
    temp_air_c: Floats

    @classmethod
    def of(cls, weather: pd.DataFrame, f: Mapping[str, float], planes: Sequence[Plane] = ()) -> Season:
        """Compute the season of a weather year.

        Parameters
        ----------
        weather : DataFrame (8760 rows)
            Hourly weather in local standard time; ``attrs`` hold latitude, longitude, altitude_m, utc_offset_h.
        f : mapping
            Factors.
        planes : sequence of Plane, optional
            :func:`facades_and_flat_roof` of the same weather, where it is known already.
        """
        temperature = weather["temp_air_c"].to_numpy(float)
        daily = temperature.reshape(-1, 24).mean(axis=1)
        heating = daily < f["season.base_temperature_c"]
        hours = np.repeat(heating, 24)
        albedo = f["season.albedo"]
        facades = (planes or facades_and_flat_roof(weather))[:-1]
        sun = np.array([facade.irradiation_w_m2(albedo)[hours].sum() / 1000 for facade in facades])
        roof = irradiation_w_m2(weather, f["photovoltaics.tilt_deg"], 180.0, albedo).sum() / 1000
        cold = float(daily[heating].mean()) if heating.any() else float(daily.min())
        return cls(float(heating.sum()), cold, sun, float(roof), temperature)

    @classmethod
    def tabula(cls, f: Mapping[str, float]) -> Season:
        """Return TABULA's season of southern Sweden, for a city without weather.

        The hourly temperature is a smooth year with the same mean of the heating days.
        """
        sun = [
            f["season.tabula.sun_north_kwh_m2"],
            f["season.tabula.sun_east_kwh_m2"],
            f["season.tabula.sun_south_kwh_m2"],
            f["season.tabula.sun_west_kwh_m2"],
        ]
        hour = np.arange(8760)
        smooth = f["season.tabula.outdoor_c"] + 5.8 - 9.2 * np.cos(2 * np.pi * (hour / 24 - 20) / 365)
        return cls(
            f["season.tabula.heating_days"],
            f["season.tabula.outdoor_c"],
            np.array(sun),
            f["photovoltaics.irradiation_kwh_m2"],
            smooth,
        )


@dataclass(frozen=True)
class Plane:
    """Irradiance on a plane for any reflectance of the ground: the sky's part takes long to find, the ground's does not.

    Attributes
    ----------
    tilt_deg : float
        0 is flat and 90 upright [degrees].
    beam_w_m2, sky_w_m2, ghi_w_m2 : array (hours,)
        From the sun and from the sky on the plane, and from both on level ground; mean of each hour [W/m2].
    """

    tilt_deg: float
    beam_w_m2: Floats
    sky_w_m2: Floats
    ghi_w_m2: Floats

    @classmethod
    def of(cls, weather: pd.DataFrame, tilt_deg: float, azimuth_deg: float) -> Plane:
        """Return what a weather year gives a plane, by the Perez model of the sky; see :func:`irradiation_w_m2`."""
        if missing := {"latitude", "longitude"} - set(weather.attrs):
            raise TwinError(
                f"the weather does not say where it was measured ({', '.join(sorted(missing))}); use an EPW file with its LOCATION line"
            )
        sun = _sun(
            weather.attrs["latitude"],
            weather.attrs["longitude"],
            weather.attrs.get("altitude_m", 0.0),
            int(weather.attrs.get("utc_offset_h", 1)),
            len(weather),
        )
        dni, ghi, dhi = (weather[c].to_numpy(float) for c in ("dni_w_m2", "ghi_w_m2", "dhi_w_m2"))
        found = pvlib.irradiance.get_total_irradiance(
            tilt_deg,
            azimuth_deg,
            sun.zenith_deg,
            sun.azimuth_deg,
            dni,
            ghi,
            dhi,
            dni_extra=sun.extra_w_m2,
            airmass=sun.airmass,
            model="perez",
        )
        beam, sky = (np.asarray(found[part], float) for part in ("poa_direct", "poa_sky_diffuse"))
        return cls(tilt_deg, beam, sky, ghi)

    def irradiation_w_m2(self, albedo: float) -> Floats:
        r"""Return the irradiance with what the ground reflects.

        .. math:: I = I_{beam} + I_{sky} + \rho \, I_{ghi} \frac{1 - \cos\beta}{2}

        Parameters
        ----------
        albedo : float
            Reflectance of the ground, :math:`\rho` [1].

        Returns
        -------
        array (hours,)
            [W/m2]

        Examples
        --------
        >>> wall = Plane(90.0, np.array([300.0]), np.array([100.0]), np.array([500.0]))
        >>> wall.irradiation_w_m2(0.2).round(9).tolist()
        [450.0]
        """
        ground = pvlib.irradiance.get_ground_diffuse(self.tilt_deg, self.ghi_w_m2, albedo)
        return np.nan_to_num(self.beam_w_m2 + (self.sky_w_m2 + ground))


def facades_and_flat_roof(weather: pd.DataFrame) -> tuple[Plane, ...]:
    """Return the planes of every building: vertical north, east, south and west, and a flat roof."""
    return (*(Plane.of(weather, 90.0, _AZIMUTH[o]) for o in ORIENTATIONS), Plane.of(weather, 0.0, 180.0))


def irradiation_w_m2(weather: pd.DataFrame, tilt_deg: float, azimuth_deg: float, albedo: float) -> Floats:
    """Return the irradiance on a plane, by the Perez model of the sky.

    Parameters
    ----------
    weather : DataFrame (8760 rows)
        dni_w_m2, ghi_w_m2, dhi_w_m2 in local standard time.
    tilt_deg, azimuth_deg : float
        0 is flat and 90 upright; 0 is north, clockwise [degrees].
    albedo : float
        Reflectance of the ground [1].

    Returns
    -------
    array (8760,)
        Mean of each hour [W/m2].

    References
    ----------
    .. [1] Perez, R. et al., "Modeling daylight availability and irradiance components from direct and global
       irradiance", Solar Energy 44(5), 1990, as in pvlib.irradiance.perez; sun position at the middle of the hour.
    """
    return Plane.of(weather, tilt_deg, azimuth_deg).irradiation_w_m2(albedo)


@dataclass(frozen=True)
class _Sun:
    """The sun at the middle of every hour of a place; arrays of (hours,)."""

    zenith_deg: Floats
    azimuth_deg: Floats
    extra_w_m2: Floats
    airmass: Floats


@lru_cache(maxsize=8)
def _sun(latitude: float, longitude: float, altitude_m: float, utc_offset_h: int, hours: int) -> _Sun:
    """Return where the sun stands, once a place: it is the same for every plane."""
    middle = pd.date_range("2023-01-01 00:30", periods=hours, freq="h", tz=f"Etc/GMT-{utc_offset_h}")
    at = pvlib.solarposition.get_solarposition(middle, latitude, longitude, altitude=altitude_m)
    zenith = at["apparent_zenith"].to_numpy(float)
    return _Sun(
        zenith,
        at["azimuth"].to_numpy(float),
        np.asarray(pvlib.irradiance.get_extra_radiation(middle.day_of_year.to_numpy()), float),
        np.asarray(pvlib.atmosphere.get_relative_airmass(zenith), float),
    )
