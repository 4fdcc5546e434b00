"""What the evidence of a reading says, in the reader's language.

`vigia triage` and the record of a report keep evidence in English, so that what reads them stays stable; pages show it in the language of
whoever looks: `reason_in("urgent: vehicles, happening now", "es")` is "urgente: vehículos, pasa ahora".
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from app.packs import place_words


@lru_cache(maxsize=4_000)
def reason_in(says: str, language: str) -> str:
    """What a piece of evidence says, of triage or of places, in a language of ours. Unknown words and languages leave it as it is."""
    words = WORDS.get(language)
    if words is None:
        return says
    if says.startswith(_URGENT):
        return f"{_URGENT_IN[language]}{reason_in(says.removeprefix(_URGENT), language)}"
    if says in words:
        return words[says]
    for beginning, said in _BEGINNINGS[language].items():
        if says.startswith(beginning):
            rest = says.removeprefix(beginning)
            return said + KINDS[language].get(rest, rest)
    parts = _parts(says, words)
    return ", ".join(words[part] for part in parts) if parts else place_words.reason_in(says, language)


def _parts(says: str, words: dict[str, str]) -> list[str]:
    """`says` cut at commas into reasons that are known, the longest first, as some hold a comma themselves; [] where one is unknown."""
    pieces = says.split(", ")
    found: list[str] = []
    while pieces:
        size = next((size for size in range(len(pieces), 0, -1) if ", ".join(pieces[:size]) in words), 0)
        if not size:
            return []
        found.append(", ".join(pieces[:size]))
        pieces = pieces[size:]
    return found


_URGENT: Final = "urgent: "
_URGENT_IN: Final = {"es": "urgente: "}
_BEGINNINGS: Final = {"es": {"worded like a ": "dicho como ", "the order ": "la orden "}}
KINDS: Final = {
    "es": {
        "report": "un reporte", "detention": "una detención", "rumor": "un rumor", "rights": "una pregunta de derechos",
        "subscribe": "una suscripción", "help": "una pregunta de ayuda", "delete": "un pedido de borrar", "volunteer": "un ofrecimiento",
        "abuse": "un insulto o engaño", "other": "otro asunto", "stop": "una baja",
    }
}  # fmt: skip
"""What a text can be worded like."""
WORDS: Final[dict[str, dict[str, str]]] = {
    "es": {
        "immigration agency": "agencia de inmigración", "hielo, maybe ICE": "hielo, tal vez ICE",
        "agents or armed people": "agentes o gente armada", "police": "policía",
        "only local police, not immigration": "solo policía local, no inmigración", "vehicles": "vehículos",
        "suspicious": "sospechoso", "checkpoint or stopping cars": "retén o paran carros",
        "raid or arrests going on": "redada o arrestos", "vests, masks, weapons": "chalecos, máscaras, armas",
        "someone at the door, or sender surrounded": "alguien en la puerta, o rodean a quien escribe",
        "knocking or opening a door": "tocar o abrir una puerta", "something is there": "hay algo ahí",
        "a question about rights": "una pregunta de derechos", "none of our matters": "ninguno de nuestros asuntos",
        "seen by the sender": "lo vio quien escribe", "a place": "un lugar", "a kind of place": "una clase de lugar",
        "someone was taken": "se llevaron a alguien", "someone is held": "tienen detenido a alguien",
        "family, friend or neighbor": "familia, amistad o vecindad", "a neighbor or friend": "un vecino o amigo", "people": "gente",
        "where is the person, or a lawyer wanted": "dónde está la persona, o piden abogado",
        "children or people alone": "niños o gente sola", "a cry for help": "un grito de ayuda",
        "worded like a yes-or-no question": "dicho como pregunta de sí o no", "asks whether it is true": "pregunta si es cierto",
        "asks whether it is there": "pregunta si están ahí", "heard from others": "lo oyó de otros",
        "told by someone named": "se lo dijo alguien que nombra", "a forwarded chain": "una cadena reenviada",
        "asks what one may or must do": "pregunta qué se puede o se debe hacer",
        "only supposed (if, when)": "solo un caso supuesto (si, cuando)",
        "wants alerts": "quiere alertas", "wants to help": "quiere ayudar", "wants data deleted": "quiere que borren sus datos",
        "asks what this is or for help": "pregunta qué es esto o pide ayuda",
        "asks after an earlier report": "pregunta por un reporte anterior",
        "hostile words": "palabras hostiles", "advertising": "publicidad", "a swindle": "una estafa", "joking": "una broma",
        "frozen water outdoors": "agua congelada afuera", "ice for drinks and the like": "hielo para bebidas y cosas así",
        "they have left": "ya se fueron", "says that nothing is there": "dice que no hay nada", "some time ago": "hace tiempo",
        "happening now": "pasa ahora", "earlier today": "más temprano hoy", "said to come": "dicen que vendrá", "a report": "un reporte",
        "a detention": "una detención", "present tense": "en presente", "thanks": "gracias", "a greeting": "un saludo",
        "another matter": "otro asunto", "wants no more messages": "ya no quiere mensajes", "our list or alerts": "nuestra lista o alertas",
        "wants it to end": "quiere que termine", "a stop word": "una palabra de baja",
        "a word that goes with stop": "una palabra que va con baja", "not about our messages": "no habla de nuestros mensajes", "yes": "sí",
        "no": "no", "does not know": "no sabe", "still there": "siguen ahí", "left": "se fueron", "at home": "en casa",
        "in a car": "en un carro", "in public": "en la calle", "at work": "en el trabajo", "at school or church": "en la escuela o iglesia",
        "at court": "en la corte", "in custody": "bajo custodia", "at a checkpoint": "en un retén", "how many": "cuántos", "when": "cuándo",
        "a question": "una pregunta", "a link": "un enlace", "a sum of money": "una suma de dinero", "very short": "muy corto",
    }
}  # fmt: skip
"""Every sentence of `[says]` in the pack's `rules.toml`, by language; a test holds the two together."""
