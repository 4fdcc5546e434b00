"""The public name of a place, and the reasons why it was taken for one, in the reader's language.

The gazetteer names places in English ("Gas station, N Roxboro St, Durham County") and keeps names of stores, streets and towns as they
stand on signs. Only the words that are no names change: `place_in("Gas station, Durham County", "es")` is "Gasolinera, condado de Durham".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final


@lru_cache(maxsize=4_000)
def place_in(label: str, language: str) -> str:
    """A place's public name in a language of ours. Unknown words and languages leave it as it is."""
    if language not in _THINGS:
        return label
    return ", ".join(_part_in(part, language) for part in label.split(", "))


@lru_cache(maxsize=4_000)
def reason_in(says: str, language: str) -> str:
    """What the evidence of a place says, in a language of ours; evidence of another kind is left as it is."""
    if language not in _REASONS:
        return says
    if says.startswith(_SOUNDS_LIKE):
        return f"{_SOUNDS_LIKE_IN[language]}{reason_in(says.removeprefix(_SOUNDS_LIKE), language)}"
    for pattern, words in _REASONS[language]:
        match = pattern.fullmatch(says)
        if match:
            return words.format(*(reason_in(group, language) for group in match.groups()))
    if not _COUNTY.search(says):
        return says
    return _COUNTY.sub(_COUNTY_IN[language], says).replace(", or ", _OR[language]).replace(" or ", _OR[language].lstrip(","))


def _part_in(part: str, language: str) -> str:
    things = _THINGS[language]
    if part in things:
        return things[part]
    for pattern, words in _PARTS[language]:
        match = pattern.fullmatch(part)
        if match:
            return words.format(*match.groups())
    return part.replace(" & ", _AND[language])


def _patterns(rows: Mapping[str, str]) -> Sequence[tuple[re.Pattern[str], str]]:
    return tuple((re.compile(pattern), words) for pattern, words in rows.items())


_THINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "es": {
        "Post office": "Correo", "Bus stop": "Parada del bus", "Restaurant": "Restaurante", "Hotel": "Hotel",
        "Construction site": "Construcción", "Factory": "Fábrica", "Warehouse": "Bodega", "Farm": "Finca", "Car wash": "Lavado de carros",
        "Library": "Biblioteca", "Police station": "Estación de policía", "Bus station": "Estación de buses",
        "Grocery store": "Supermercado", "Mexican store": "Tienda mexicana", "Taqueria": "Taquería", "Bakery": "Panadería",
        "Laundromat": "Lavandería", "Flea market": "Pulga", "Church": "Iglesia", "Courthouse": "Corte", "Jail": "Cárcel",
        "Hospital": "Hospital", "Clinic": "Clínica", "School": "Escuela", "Gas station": "Gasolinera", "Apartments": "Apartamentos",
        "Trailer park": "Parque de trailas", "Park": "Parque", "Smithfield plant": "Planta de Smithfield",
        "Poultry plant": "Planta de pollo", "Mexican Consulate": "Consulado de México", "Guatemalan Consulate": "Consulado de Guatemala",
        "Immigration Court": "Corte de inmigración", "State Fairgrounds": "Feria del estado",
        "North Carolina Zoo": "Zoológico de Carolina del Norte",
    }
}  # fmt: skip
"""Words for things, by language; names of stores stay as they are."""

_PARTS: Final = {
    "es": _patterns({
        r"(.+) County Courthouse": "Corte del condado de {0}",
        r"(.+) County Jail": "Cárcel del condado de {0}",
        r"(.+) County Sheriff's Office": "Oficina del sheriff del condado de {0}",
        r"(.+) County": "condado de {0}",
        r"(I-\d+) exit (\d+)": "{0} salida {1}",
        r"(I-\d+) mile (\d+)": "{0} milla {1}",
        r"Hwy (\S+)": "carretera {0}",
        r"East (Durham|Charlotte|Raleigh|Asheville)": "Este de {0}",
        r"North (Durham|Charlotte|Raleigh)": "Norte de {0}",
        r"South (Durham|Charlotte|Raleigh)": "Sur de {0}",
        r"West (Charlotte|Raleigh|Asheville)": "Oeste de {0}",
        r"Downtown (.+)": "Centro de {0}",
    })
}  # fmt: skip

_REASONS: Final = {
    "es": _patterns({
        r"stands in many counties": "hay en muchos condados",
        r"a street's name, not a town": "nombre de una calle, no de un pueblo",
        r"a street of many towns": "una calle de muchos pueblos",
        r"a street": "una calle",
        r"an address among the imported streets": "una dirección de las calles cargadas",
        r"a corner among the imported streets": "una esquina de las calles cargadas",
        r"named as a county: (.+)": "nombrado como condado: {0}",
        r"named as not the place": "dicen que no es ahí",
        r"does not fit the rest: (.+)": "no va con lo demás: {0}",
        r"the county that the sender named before": "el condado que esta persona nombró antes",
        r"a short map link hides its point": "un enlace corto de mapa esconde su punto",
        r"a point that is not in this state": "un punto que no está en este estado",
        r"a point in (.+) County": "un punto en el condado de {0}",
        r"ZIP code (\d+), (.+)": "código postal {0}, {1}",
        r"(\d+) is no ZIP code of this state": "{0} no es un código postal de este estado",
        r"(.+) is in another state": "{0} está en otro estado",
        r"(.+) is another state": "{0} es otro estado",
        r"(.+) is not in this state": "{0} no está en este estado",
        r"(.+) exit (\d+) crosses": "{0} salida {1} pasa por ahí",
        r"(.+) crosses": "{0} pasa por ahí",
    })
}  # fmt: skip
_SOUNDS_LIKE: Final = "sounds like "
_SOUNDS_LIKE_IN: Final = {"es": "suena como "}
_AND: Final = {"es": " y "}
_OR: Final = {"es": ", o "}
_COUNTY: Final = re.compile(r"(?:(in) )?((?:[A-Z]\w+ )?[A-Z]\w+) County")
_COUNTY_IN: Final = {"es": lambda match: f"{'en el ' if match.group(1) else ''}condado de {match.group(2)}"}
