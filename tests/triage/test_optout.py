"""Stop means now, in any reasonable words; a report that merely contains such a word is still a report."""

from __future__ import annotations

import pytest

from app.triage.lexicon import Lexicon
from app.triage.optout import is_opt_out


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "stop.",
        "Stop please",
        "STOP STOP STOP",
        "stpo",
        "S T O P",
        "STOPALL",
        "Unsubscribe me",
        "quit texting me",
        "pls dont message me anymore",
        "remove me from this list pls",
        "take my number off",
        "no more alerts please",
        "I no longer want these messages",
        "lose my number",
        "how do i opt out of this",
        "alto!",
        "b a j a",
        "BAJA",
        "dame de baja por favor",
        "ya no me manden mensajes",
        "ya dejen de escribirme",
        "quítenme de la lista",
        "no quiero recibir mas alertas",
        "kiero cancelar los mensajes",
        "para de mandarme mensajes",
        "ya no quiero nada d esto, borrenme de su lista",
        "pare de me mandar mensagens",
        "arrêtez de m'envoyer des messages",
        "đừng gửi tin nhắn nữa",
        "不要再发短信给我",
        "لا ترسلوا لي رسائل",
        "문자 그만 보내세요",
        "sispann voye mesaj ban mwen",
        "🛑",
    ],
)
def test_a_request_to_stop_is_heard_in_any_words(text: str, lexicon: Lexicon) -> None:
    assert is_opt_out(text, lexicon)


@pytest.mark.parametrize(
    "text",
    [
        "están parando carros en la 74",
        "hicieron un alto",
        "hay un carro en el alto de la Sharon Amity",
        "traffic stop on 74",
        "they won't stop",
        "stop by the school there is ICE",
        "ICE is at the bus stop on Central",
        "por la parte baja de la calle hay agentes",
        "don't stop sending me the alerts",
        "no dejen de mandarme las alertas",
        "at the end of the street two unmarked cars",
        "no",
        "ya no",
        "ya se fueron",
        "no me llegan las alertas",
        "me quitaron el carro en un retén",
        "la migra no para de tocar la puerta",
        "my boss told me to quit",
        "why did you stop texting me",
        "",
    ],
)
def test_no_report_question_or_answer_is_taken_for_a_request_to_stop(text: str, lexicon: Lexicon) -> None:
    assert not is_opt_out(text, lexicon)
