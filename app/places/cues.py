"""The words around a name that tell a place from a person, a street or an ordinary word.

"en Star", "cerca de Wilson", "Graham, NC" are places; "my friend Charlotte", "Durham Rd" and "the star" are not.
"""

from __future__ import annotations

from app.places.words import Word, word_set

IN = word_set("""
    en in near cerca by at around outside inside afuera dentro enfrente junto within aqui here por desde from hasta hacia towards
    toward to rumbo off on through across into downtown entre between throughout past over alrededor leaving entering saliendo
    llegando para n em nan bo about sobre
""")
"""Place words in English and Spanish, and the "in" of Portuguese and Haitian Creole."""

STRICT_IN = IN - {"about", "sobre", "by", "on", "over", "through", "to", "para", "off", "n", "at", "from", "into"}
"""Those that stand before an ordinary word less often."""

OF_PLACE = word_set("""
    cerca afuera fuera lado centro ciudad enfrente frente area dentro pueblo condado norte sur este oeste alrededores alrededor
    saliendo entrada salida calles corte carcel soy somos delante detras atras zona outside town city county condados policia
    sheriff iglesia escuela parte vengo outskirts village side part viene comunidad estoy condao edge sheriffs north south east
    west mall walmart parque oficina hospital mercado plaza tienda lavanderia gente raza alertas alerta avisos aviso notificaciones
    noticias mensajes alerts updates lo paisanos familias latinos hispanos reten retenes redada redadas raid checkpoint diciendo
    dicen hablando hablan saben sabe
""")
"""What stands before "de" or "of" and a place."""

DWELLS = frozenset({"vivo", "vivimos", "vive"})
"""Right before a name, with the "en" left out, by who is new to the language: "yo vivo Sanford"."""

TOLD = word_set("alerts alert notices notifications notices updates texts text messages news up me us")
"""Shortly before "for" and a name: what somebody asks to be sent."""

BETWEEN = word_set("""
    el la los las the downtown north south east west norte sur este oeste central greater town northeast northwest southeast
    southwest mi my old aca alla aqui here ahi
""")
"""What may stand between a place word and the name."""

PERSON = word_set("""
    im iam pastora llamo boss jefe jefa patron patrona manager landlord roommate compadre comadre ahijado suspect student alumno
    prisoner inmate nino nina mr mrs ms miss sr sra srta senor senora senorita don dona named llama llamado llamada amigo amiga
    primo prima hermano hermana tio tia vecino vecina hijo hija esposo esposa officer oficial agent agente doctor doctora judge
    juez abogado abogada nombre friend cousin brother sister uncle aunt neighbor neighbour son daughter wife husband sobrino
    sobrina cunado cunada companero companera coworker boyfriend girlfriend novio novia apellido lawyer attorney deputy sargento
    sergeant reverend pastor padre hi hola dear thanks gracias president presidente governor gobernador maestra maestro teacher
    mama papa abuela abuelo coach llame llaman llamaba apellida
""")
"""A name right after one of these is a person's."""

SPANISH_TOO = frozenset({"union", "ronda", "casar", "micro", "vale", "como", "barco", "salvo", "speed", "colon", "person"})
"""Names of towns that a Spanish sentence may hold as a word."""

POSSESSED = word_set("""
    casa carro troca camioneta mano caso nombre foto cuenta trabajo puerta cuarto cara vez lado parte manos caso hora culpa ayuda favor
    cumpleanos fiesta boda telefono numero apartamento
""")
"""What people have: "la casa de Wilson" is a person's."""

THING_OF_A_TOWN = word_set("""
    college university courthouse jail prison hospital clinic police sheriff pd plant mill factory poultry farm farms park church
    school schools elementary middle mall plaza walmart market airport library exit area apartments apts trailer mobile motel hotel
    gas bus station store post downtown limits hwy highway ferry golf construction pulga flea food carcel corte fairgrounds motors
    checkpoint reten raid redada courtroom detention tienda iglesia escuela warehouse
""")
"""Right behind a town's name these are things that a town has: "Clinton jail", "hatteras ferry", "Pinehurst golf course"."""

STREET_BEHIND = word_set("""
    rd road st street ave av avenue blvd boulevard bulevar boulevar bulevard blv dr drive hwy highway ln lane pkwy parkway ct
    court cir circle trl trail pike ext terrace pl loop rod roud estrit avenida draiv leyn way bvld boulvard expressway fwy
    freeway bypass church expy
""")
"""Behind a town's name these make it a street (or a church) of some other town."""

STREET_SUFFIX = {
    heard: suffix
    for suffix, spellings in {
        "Rd": "rd road rod roud",
        "St": "st street estrit",
        "Ave": "ave av avenue avenida",
        "Blvd": "blvd boulevard bulevar boulevar bulevard blv bvld",
        "Dr": "dr drive draiv",
        "Hwy": "hwy highway",
        "Ln": "ln lane leyn",
        "Pkwy": "pkwy parkway",
        "Ct": "ct",
        "Cir": "cir circle",
        "Trl": "trl trail",
    }.items()
    for heard in spellings.split()
}
"""How the end of a street's name is written, and how it is printed on a label."""

STREET_BEFORE = frozenset(
    {"calle", "avenida", "av", "ave", "carretera", "camino", "bulevar", "boulevard", "blvd", "street", "road", "calles"}
)
"""The same before a name, in Spanish order."""

COUNTY = word_set("""
    county cnty condado co counties condao couty conty cty countys kaunti caunti condados countie konte
""")
COUNTIES = frozenset({"counties", "countys", "condados", "condaos"})
"""Of these, those that speak of several."""

CITY_BEFORE = frozenset(
    {"ciudad", "city", "town", "pueblo", "downtown", "centro", "siudad", "ciuda", "sentro", "village", "municipio", "pueblito"}
)
CITY_BEHIND = frozenset({"city", "town", "ciudad"})
NEVER_BEFORE_A_PLACE = word_set("""
    a with con my mi su his her and y is es for your tu un una an this that se llevaron took arrested agarraron detuvieron said
    dice the el los las very muy to no si yes named
""")
"""Before the last word of a text these speak against a place without a place word."""

DIRECTION = frozenset({"hacia", "rumbo", "towards", "toward", "desde", "from", "to", "para"})
"""A place behind these is where somebody comes from or goes to, which counts only where no other place is named."""


def place_word_before(words: list[Word], first: int, strict: bool = False) -> bool:
    """Whether a place word ("en", "near", "cerca de", "downtown") stands before the word at `first`, over an article if need be."""
    position = first - 1
    wanted = STRICT_IN if strict else IN
    for _ in range(3):
        if position < 0 or _breaks(words[position + 1].gap):
            return False
        word = words[position].fold
        if (
            word in wanted
            or (word == "for" and _told_of(words, position))
            or word in DWELLS
            or (word == "con" and _warns(words, position))
        ):
            return True
        if word in {"de", "of", "del", "d"}:
            before = words[position - 1].fold if position else ""
            if before in OF_PLACE or (before in {"la", "el"} and position > 1 and words[position - 2].fold in OF_PLACE):
                return True
            return word == "de" and not strict and _something_in(words, position)
        if word not in BETWEEN and word not in CITY_BEFORE and word not in COUNTY:
            return False
        position -= 1
    return False


def _warns(words: list[Word], position: int) -> bool:
    """Whether "cuidado" or "ojo" stands before "con": "cuidado con Concord"."""
    return position > 0 and words[position - 1].fold in {"cuidado", "ojo", "aguas"}


def _told_of(words: list[Word], position: int) -> bool:
    """Whether alerts stand shortly before "for": "text notices for Jackson", "sign me up for Lee"."""
    return any(word.fold in TOLD for word in words[max(position - 3, 0) : position])


def foreign_word_before(words: list[Word], first: int) -> bool:
    """Whether a Spanish "en" or "cerca de", or an English "near", stands right before an English word of any case: "en star" is a town,
    "in star" need not be."""
    before = [word.fold for word in words[max(first - 2, 0) : first]]
    if not before or words[first].fold in SPANISH_TOO:
        return False
    return before[-1] in {"en", "near"} or before == ["cerca", "de"]


def _something_in(words: list[Word], of: int) -> bool:
    """Whether "en", "afuera" or "por" and a thing that is nobody's stand before "de": "en la tienda Las Palmas de Clinton"."""
    if of < 2 or words[of - 1].fold in POSSESSED or words[of - 1].fold in PERSON:
        return False
    for position in range(of - 1, max(of - 7, -1), -1):
        if _breaks(words[position + 1].gap) or "," in words[position + 1].gap:
            return False
        if words[position].fold in {"en", "afuera", "fuera", "por", "cerca", "frente", "enfrente"}:
            return True
    return False


def person_before(words: list[Word], first: int) -> bool:
    """Whether the name that starts at `first` is a person's: "my friend Charlotte", "se llama Wilson"."""
    if not first or _breaks(words[first].gap):
        return False
    before = words[first - 1].fold
    return before in PERSON or (first > 1 and (words[first - 2].fold, before) in _SOUGHT)


def street_around(words: list[Word], first: int, last: int, after_a_street: bool = False) -> bool:
    """Whether the words from `first` to `last` are part of a street's name: "Durham Rd", "calle Raleigh". `after_a_street` says that
    the word before belongs to a street already: "Capital Blvd Raleigh"."""
    if last + 1 < len(words) and words[last + 1].fold in STREET_BEHIND and not words[last + 1].gap.strip(" "):
        return not (after_a_street and words[last + 1].fold not in STREET_SUFFIX)
    if first and words[first - 1].fold == "la" and words[first].gap == " ":
        return True  # a town takes no article in Spanish, a street does: "por la Monroe"
    return first > 0 and not after_a_street and words[first - 1].fold in STREET_BEFORE and not words[first].gap.strip(" ")


def county_word_around(words: list[Word], first: int, last: int) -> int | None:
    """Where "county" or "condado" stands beside the words, or None: "Wake County", "condado de Wake", "county of Wake"."""
    if (
        last + 1 < len(words)
        and words[last + 1].fold in COUNTY
        and not _breaks(words[last + 1].gap)
        and words[last + 1].fold != "condado"
    ):
        return last + 1
    position = first - 1
    while position >= 0 and first - position <= 3 and words[position].fold in {"de", "of", "del", "la", "el", "the", "d"}:
        position -= 1
    if (
        position >= 0
        and first - position <= 4
        and words[position].fold in COUNTY - {"co", "cty"}
        and not _breaks(words[first].gap)
    ):
        named_already = words[position].fold == "county" and first - position == 1
        return None if named_already else position
    if last + 1 < len(words) and words[last + 1].fold == "condado" and not _breaks(words[last + 1].gap):
        of_another = last + 2 < len(words) and words[last + 2].fold in {"de", "del", "d"}
        return None if of_another else last + 1
    return None


def city_word_around(words: list[Word], first: int, last: int) -> bool:
    """Whether the words around say that a city is meant: "ciudad de Graham", "downtown Henderson", "town of Jackson"."""
    if last + 1 < len(words) and words[last + 1].fold in CITY_BEHIND and not _breaks(words[last + 1].gap):
        return True
    position = first - 1
    while position >= 0 and first - position <= 2 and words[position].fold in {"de", "of", "del"}:
        position -= 1
    return position >= 0 and words[position].fold in CITY_BEFORE and not _breaks(words[first].gap)


def only_between_commas(words: list[Word], first: int, last: int, tail: str) -> bool:
    """Whether the words stand alone between punctuation or the edges of the text: "Wilson, hay un retén"."""
    opens = first == 0 or bool(words[first].gap.strip())
    closes = last + 1 >= len(words) or bool(words[last + 1].gap.strip())
    return opens and closes and not (first == 0 and last + 1 >= len(words) and "?" in tail)


def denied(words: list[Word], first: int) -> bool:
    """Whether the place is named only to say that it is not there: "no es en Durham", "not in Raleigh"."""
    before = tuple(word.fold for word in words[max(first - 3, 0) : first])
    return before[-2:] in _DENIALS or before[-3:] in _DENIALS


def direction_before(words: list[Word], first: int) -> bool:
    """Whether the place is only where somebody comes from, lives or is going: "rumbo a Raleigh", "soy de Durham"."""
    before = [word.fold for word in words[max(first - 3, 0) : first]]
    if not before or _breaks(words[first].gap):
        return False
    if before[-1] in DIRECTION:
        return True
    return tuple(before[-2:]) in _LIVES or changed_from(words, first)


def changed_from(words: list[Word], first: int) -> bool:
    """Whether somebody leaves the place for another: "cambiar de Mecklenburg", "I moved from Durham"."""
    return first > 1 and (words[first - 2].fold, words[first - 1].fold) in _CHANGES


def _breaks(gap: str) -> bool:
    """Whether a sentence ends in what stands between two words."""
    return len(gap) > 1 and not _ENDS.isdisjoint(gap)


_ENDS = frozenset(".!?;:\n")
_CHANGES = frozenset(
    tuple(pair.split())
    for pair in """
    cambiar de, cambie de, cambio de, cambien de, cambiarme de, cambienme de, mude de, mudamos de, mudo de, switch from, moved from,
    change from, switched from, changed from, me from
    """.replace("\n", " ").split(",")
)

_SOUGHT = frozenset(
    tuple(pair.split())
    for pair in """
    preguntando por, pregunta por, preguntan por, preguntaron por, pregunto por, preguntaban por, buscando a, buscan a, buscaban a,
    busco a, looking for, asking for, asked for, llevaron a, detuvieron a, agarraron a, arrestaron a, se llame
    """.replace("\n", " ").split(",")
)
"""Right before a name: somebody is looked for or was taken."""

_DENIALS = frozenset(
    {
        ("no", "en"),
        ("not", "in"),
        ("not", "at"),
        ("no", "es", "en"),
        ("no", "fue", "en"),
        ("isnt", "in"),
        ("wasnt", "in"),
        ("not", "near"),
    }
)
_LIVES = frozenset(
    tuple(pair.split())
    for pair in """
    rumbo a, soy de, vivo en, live in, lives in, vive en, trabajo en, work in, vienen de, vienen desde, yendo a, going to, headed to,
    camino a, family in, familia en, vivimos en, vengo de
    """.replace("\n", " ").split(",")
)
