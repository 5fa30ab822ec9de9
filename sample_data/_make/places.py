"""True places of Göteborg, by latitude and longitude, that the synthetic city is hung on.

The places are rounded to some tens of metres from common knowledge of the city's map; nothing is copied from a map.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer
from shapely import LineString, Polygon, box

__all__ = [
    "CRS",
    "DISTRICTS",
    "FRAME",
    "HILLS",
    "LANDMARKS",
    "PRIMARY_AREAS",
    "RIVER",
    "District",
    "line",
    "river",
    "world",
]

CRS = "EPSG:3007"
FRAME = box(140_200, 6_394_600, 153_200, 6_401_400)
_TO_CITY = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)

Floats = npt.NDArray[np.float64]


def world(latitude: float, longitude: float) -> tuple[float, float]:
    """Return east and north in EPSG:3007 [m], to the centimetre."""
    x, y = _TO_CITY.transform(longitude, latitude)
    return round(float(x), 2), round(float(y), 2)


def line(*places: tuple[float, float]) -> LineString:
    """Return a line through places given by latitude and longitude."""
    return LineString([world(*p) for p in places])


@dataclass(frozen=True)
class District:
    """A grid of blocks with one character.

    Attributes
    ----------
    key, kind : str
        Name, and how its blocks are built (see ``blocks.py``).
    latitude, longitude, angle : float
        Middle of the grid and its turn anticlockwise [degrees].
    columns, rows : int
        Blocks in the grid.
    block : (float, float)
        Size of a block [m].
    street : float
        Width between blocks [m].
    years : (int, int)
        First and last year of construction.
    streets : str
        Street names, separated by commas.
    heated : bool
        Reached by district heating.
    """

    key: str
    kind: str
    latitude: float
    longitude: float
    angle: float
    columns: int
    rows: int
    block: tuple[float, float]
    street: float
    years: tuple[int, int]
    streets: str
    heated: bool = True


DISTRICTS = (
    District("majorna", "landshovdingehus", 57.6878, 11.9205, 22, 9, 5, (82, 56), 14, (1890, 1935),
             "Såggatan,Kabelgatan,Mariagatan,Chapmans gata,Ståthållaregatan,Godhemsgatan,Svanebäcksgatan,Älvsborgsgatan,Kungsladugårdsgatan,Birger Jarlsgatan"),
    District("linnestaden", "stone", 57.6948, 11.9490, 8, 4, 4, (84, 60), 16, (1880, 1932),
             "Övre Husargatan,Prinsgatan,Nordhemsgatan,Tredje Långgatan,Plantagegatan,Jungmansgatan,Olivedalsgatan,Bangatan"),
    District("vasastan", "stone", 57.6984, 11.9700, 28, 6, 4, (98, 62), 17, (1870, 1930),
             "Vasagatan,Engelbrektsgatan,Storgatan,Kristinelundsgatan,Götabergsgatan,Erik Dahlbergsgatan,Viktoriagatan,Karl Gustavsgatan"),
    District("vallgraven", "centre", 57.7050, 11.9658, 12, 7, 4, (74, 50), 13, (1850, 1985),
             "Kungsgatan,Drottninggatan,Södra Larmgatan,Korsgatan,Magasinsgatan,Kyrkogatan,Västra Hamngatan,Vallgatan"),
    District("biskopsgarden", "slabs", 57.7190, 11.8868, -14, 8, 5, (128, 106), 20, (1957, 1971),
             "Sommarvädersgatan,Friskväderstorget,Blidvädersgatan,Vårväderstorget,Höstvädersgatan,Klarvädersgatan,Ruskvädersgatan,Godvädersgatan,Daggdroppegatan"),
    District("lindholmen", "campus", 57.7078, 11.9365, 20, 6, 3, (108, 84), 18, (1998, 2022),
             "Lindholmsallén,Diagonalen,Theres Svenssons gata,Hörselgången,Götaverksgatan,Forskningsgången,Polstjärnegatan"),
    District("eriksberg", "quarter", 57.7027, 11.9165, 24, 6, 3, (80, 62), 16, (1999, 2014),
             "Östra Eriksbergsgatan,Monsungatan,Eriksbergstorget,Maskinkajen,Sörhallstorget,Bratteråsgatan,Celsiusgatan"),
    District("masthuggskajen", "quarter", 57.7002, 11.9440, 20, 5, 1, (76, 56), 15, (2018, 2023),
             "Första Långgatan,Masthamnsgatan,Järnvågsgatan,Andra Långgatan"),
    District("frihamnen", "quarter", 57.7186, 11.9600, 35, 5, 3, (78, 60), 17, (2016, 2023),
             "Frihamnsallén,Kvillebäcksvägen,Färgfabriksgatan,Bananpiren,Gustaf Dalénsgatan"),
    District("orgryte", "villas", 57.6953, 12.0195, 15, 11, 8, (76, 54), 12, (1910, 1962),
             "Danska vägen,Bögatan,Skårsgatan,Överåsgatan,Lilla Danska vägen,Kärralundsgatan,Apslätten,Birkagatan,Herrgårdsgatan,Sofierogatan"),
    District("skandiahamnen", "halls", 57.6948, 11.8590, -6, 8, 4, (168, 104), 26, (1966, 2019),
             "Oljevägen,Indiska Oceanen,Hamneviksvägen,Arendals allé,Nordatlanten,Röda Stens väg", heated=False),
    District("rya", "tanks", 57.6955, 11.8812, 4, 5, 3, (150, 104), 22, (1952, 1995),
             "Karholmsgatan,Fågelrovägen,Smörjoljegatan,Oljehamnsgatan", heated=False),
    District("ringon", "workshops", 57.7208, 11.9690, 40, 5, 3, (104, 66), 16, (1938, 1992),
             "Ringögatan,Järnmalmsgatan,Manufakturgatan,Stålverksgatan,Kolgruvegatan"),
    District("chalmers", "campus_old", 57.6890, 11.9772, 30, 5, 4, (96, 74), 18, (1926, 2016),
             "Chalmersplatsen,Hörsalsvägen,Sven Hultins gata,Rännvägen,Maskingränd,Gibraltargatan"),
    District("sahlgrenska", "hospital", 57.6826, 11.9625, 10, 5, 3, (112, 86), 20, (1900, 2020),
             "Blå stråket,Röda stråket,Gröna stråket,Per Dubbsgatan,Bruna stråket"),
    District("garda", "campus", 57.7012, 11.9930, -12, 2, 5, (84, 70), 16, (1962, 2021),
             "Fabriksgatan,Drakegatan,Vädursgatan,Johan på Gårdas gata"),
)  # fmt: skip

# latitude, longitude, half width [m]
RIVER = (
    (57.6790, 11.8100, 450), (57.6838, 11.8450, 330), (57.6866, 11.8700, 280), (57.6891, 11.8890, 230),
    (57.6925, 11.9040, 190), (57.6955, 11.9140, 180), (57.6984, 11.9250, 180), (57.7010, 11.9350, 190),
    (57.7036, 11.9445, 200), (57.7070, 11.9530, 170), (57.7110, 11.9600, 135), (57.7148, 11.9669, 110),
    (57.7185, 11.9750, 100), (57.7222, 11.9828, 100), (57.7290, 11.9890, 95), (57.7420, 11.9960, 90),
)  # fmt: skip

# latitude, longitude, height [m], radius [m]
HILLS = (
    (57.7122, 11.9275, 78, 260), (57.6850, 11.9420, 62, 420), (57.6765, 11.9530, 95, 560), (57.6838, 11.9740, 72, 430),
    (57.6962, 11.9385, 48, 240), (57.6985, 11.9585, 26, 120), (57.6920, 11.9300, 42, 300), (57.7060, 11.8960, 52, 480),
    (57.7265, 11.8900, 66, 700), (57.7020, 12.0080, 60, 380), (57.6880, 12.0330, 88, 620), (57.6985, 12.0430, 96, 700),
    (57.7270, 12.0180, 70, 500), (57.7230, 11.9300, 40, 420), (57.7000, 11.8480, 32, 400), (57.6790, 11.9140, 44, 420),
    (57.6905, 11.9880, 58, 300), (57.7090, 11.8620, 38, 520), (57.6800, 12.0150, 82, 520), (57.6740, 11.8860, 36, 500),
)  # fmt: skip

# name, latitude, longitude, use, width [m], depth [m], storeys, height [m], year, owner, shape
LANDMARKS = (
    ("Karlatornet", 57.7071, 11.9318, "multi_family", 30, 34, 73, 246, 2024, "Privat fastighetsägare", "box"),
    ("Lilla Bommen 1", 57.7107, 11.9672, "office", 34, 30, 22, 86, 1989, "Privat fastighetsägare", "box"),
    ("Gothia Towers", 57.6972, 11.9893, "hotel_restaurant", 74, 26, 29, 100, 2014, "Privat fastighetsägare", "box"),
    ("Nya Ullevi", 57.7063, 11.9866, "culture_sport", 215, 180, 2, 22, 1958, "Got Event", "arena"),
    ("Scandinavium", 57.6997, 11.9857, "culture_sport", 112, 112, 3, 30, 1971, "Got Event", "round"),
    ("Centralstationen", 57.7090, 11.9740, "retail", 170, 46, 2, 14, 1858, "Jernhusen", "box"),
    ("Nordstan", 57.7083, 11.9683, "retail", 150, 110, 4, 24, 1972, "Privat fastighetsägare", "box"),
    ("Masthuggskyrkan", 57.6963, 11.9378, "culture_sport", 46, 22, 1, 24, 1914, "Svenska kyrkan", "box"),
    ("Konserthuset", 57.6967, 11.9803, "culture_sport", 62, 48, 3, 20, 1935, "Higab", "box"),
    ("Operan", 57.7110, 11.9628, "culture_sport", 120, 72, 3, 32, 1994, "Västra Götalandsregionen", "box"),
    ("Rya kraftvärmeverk", 57.6985, 11.8885, "industry", 110, 60, 1, 32, 2006, "Göteborg Energi", "box"),
    ("Rosenlundsverket", 57.7022, 11.9560, "industry", 64, 40, 1, 30, 1967, "Göteborg Energi", "box"),
    ("Sävenäs kraftvärmeverk", 57.7245, 12.0385, "industry", 140, 70, 1, 40, 1985, "Renova", "box"),
)

# name, latitude, longitude, larger area
PRIMARY_AREAS = (
    ("Södra Biskopsgården", 57.7160, 11.8900, "Biskopsgården"),
    ("Norra Biskopsgården", 57.7225, 11.8835, "Biskopsgården"),
    ("Hamnen", 57.6950, 11.8585, "Sydvästra Hisingen"),
    ("Rya", 57.6958, 11.8830, "Sydvästra Hisingen"),
    ("Eriksberg", 57.7015, 11.9125, "Norra Älvstranden"),
    ("Sannegården", 57.7045, 11.9220, "Norra Älvstranden"),
    ("Lindholmen", 57.7078, 11.9370, "Norra Älvstranden"),
    ("Frihamnen", 57.7186, 11.9595, "Kvillebäcken"),
    ("Ringön", 57.7212, 11.9700, "Kvillebäcken"),
    ("Kungsladugård", 57.6868, 11.9150, "Kungsladugård-Sanna"),
    ("Majorna", 57.6888, 11.9245, "Majorna-Stigberget-Masthugget"),
    ("Masthugget", 57.6990, 11.9420, "Majorna-Stigberget-Masthugget"),
    ("Olivedal", 57.6948, 11.9490, "Olivedal-Haga-Annedal-Änggården"),
    ("Haga", 57.7005, 11.9560, "Olivedal-Haga-Annedal-Änggården"),
    ("Änggården", 57.6826, 11.9610, "Olivedal-Haga-Annedal-Änggården"),
    ("Johanneberg", 57.6890, 11.9775, "Krokslätt-Johanneberg"),
    ("Inom Vallgraven", 57.7045, 11.9650, "Norra Centrum"),
    ("Nordstaden", 57.7093, 11.9700, "Norra Centrum"),
    ("Vasastaden", 57.6990, 11.9670, "Norra Centrum"),
    ("Lorensberg", 57.6975, 11.9750, "Norra Centrum"),
    ("Heden", 57.7040, 11.9850, "Norra Centrum"),
    ("Gårda", 57.7005, 11.9935, "Norra Centrum"),
    ("Överås", 57.6950, 12.0145, "Örgryte-Härlanda"),
    ("Skår", 57.6950, 12.0245, "Örgryte-Härlanda"),
    ("Sävenäs", 57.7230, 12.0380, "Kortedala-Gamlestaden"),
)


def river() -> Polygon:
    """Return the river as the hulls of discs along its middle line."""
    discs = [shapely.Point(world(a, b)).buffer(r, quad_segs=6) for a, b, r in RIVER]
    hulls = [shapely.union(one, two).convex_hull for one, two in itertools.pairwise(discs)]
    shape: Polygon = shapely.union_all(hulls)
    return shape
