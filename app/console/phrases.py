"""The words under which people read our states, kinds and roles. Translated where they are shown; marked here so that they are found."""

from __future__ import annotations

from typing import Final


def mark(words: str) -> str:
    """`words`, to be found by the extraction of messages and translated where they are shown."""
    return words


WORDS: Final[dict[str, dict[str, str]]] = {
    "incident": {
        "open": mark("Open"),
        "verifying": mark("Being checked"),
        "confirmed": mark("Confirmed"),
        "police": mark("Not immigration"),
        "nothing": mark("Nothing found"),
        "gone": mark("Gone"),
        "unable": mark("Could not check"),
        "dismissed": mark("Dismissed"),
    },
    "outcome": {
        "confirm": mark("Confirmed"),
        "police": mark("Police, not immigration"),
        "nothing": mark("Nothing there"),
        "gone": mark("They left"),
        "unable": mark("Could not check"),
    },
    "kind": {
        "report": mark("Sighting"),
        "detention": mark("People taken"),
        "rumor": mark("Rumor"),
        "rights": mark("Asks for rights"),
        "subscribe": mark("Wants alerts"),
        "stop": mark("Stop"),
        "help": mark("Help"),
        "delete": mark("Wants to be erased"),
        "volunteer": mark("Offers to help"),
        "abuse": mark("Abuse"),
        "other": mark("Something else"),
    },
    "channel": {
        "sms": mark("Text"),
        "mms": mark("Text with picture"),
        "whatsapp": mark("WhatsApp"),
        "voice": mark("Call"),
    },
    "offer": {
        "offered": mark("Asked, no answer yet"),
        "accepted": mark("On the way"),
        "declined": mark("Said no"),
        "expired": mark("No answer in time"),
        "stood_down": mark("Called off"),
        "answered": mark("Reported back"),
    },
    "alert": {
        "proposed": mark("Waits for approval"),
        "returned": mark("Returned"),
        "approved": mark("Approved"),
        "expired": mark("Over"),
    },
    "alert_type": {
        "alert": mark("Alert"),
        "correction": mark("Correction"),
        "all_clear": mark("All-clear"),
    },
    "role": {
        "dispatcher": mark("Dispatcher"),
        "verifier": mark("Verifier"),
        "organizer": mark("Organizer"),
        "admin": mark("Administrator"),
    },
    "standing": {
        "active": mark("Active"),
        "suspended": mark("Suspended"),
    },
    "language": {
        "en": mark("English"),
        "es": mark("Spanish"),
        "pt": mark("Portuguese"),
        "fr": mark("French"),
        "ht": mark("Haitian Creole"),
        "vi": mark("Vietnamese"),
        "zh": mark("Chinese"),
        "ko": mark("Korean"),
        "ar": mark("Arabic"),
    },
    "salute": {
        "size": mark("How many"),
        "activity": mark("Doing what"),
        "location": mark("Where"),
        "uniform": mark("Clothes and signs"),
        "time": mark("When"),
        "equipment": mark("Vehicles and gear"),
    },
    "problem": {
        "missing": mark("the text is missing"),
        "too_long": mark("the text is longer than three segments"),
        "number": mark("it holds a phone number"),
        "plate": mark("it holds what looks like a license plate"),
        "link": mark("it holds a link"),
        "evasion": mark("it advises to hide, flee or obstruct"),
        "no_code": mark("it lacks its code, by which people check that it is ours"),
        "no_rights": mark("it lacks the line of rights"),
        "no_stop": mark("it does not say how to stop: STOP in English, ALTO in Spanish"),
        "status": mark("it speaks of somebody's immigration status"),
    },
    "photo": {
        "waiting": mark("A photo is being fetched."),
        "too_large": mark("They sent a file that is too large to fetch."),
        "unreadable": mark("They sent a photo that can't be opened."),
        "unavailable": mark("They sent a photo that could not be fetched."),
        "forgotten": mark("A photo was here. It was deleted."),
        "video": mark("They sent a video. It can't be shown here."),
        "audio": mark("They sent a sound recording. It can't be played here."),
        "contact": mark("They sent a contact card. It is not opened here."),
        "document": mark("They sent a document. It is not opened here."),
        "file": mark("They sent a file of another kind. It is not opened here."),
    },
    "place": {
        "landmark": mark("A place that people know"),
        "neighbourhood": mark("A part of a town"),
        "corridor": mark("A street"),
    },
    "event": {
        "incident.opened": mark("The first report came in"),
        "report.joined": mark("Another report joined"),
        "incident.located": mark("The county became known"),
        "incident.merged": mark("Merged with another incident"),
        "incident.confirmed": mark("Decided: confirmed"),
        "incident.police": mark("Decided: police, not immigration"),
        "incident.nothing": mark("Decided: nothing there"),
        "incident.gone": mark("Decided: they left"),
        "incident.unable": mark("Decided: could not check"),
        "incident.viewed": mark("Read"),
        "photo.viewed": mark("Looked at a photo"),
        "task.claimed": mark("Taken"),
        "task.released": mark("Given back"),
        "task.lease_ended": mark("The claim ended without a sign of life"),
        "offer.made": mark("A verifier was asked"),
        "offer.accepted": mark("The verifier said yes"),
        "offer.declined": mark("The verifier said no"),
        "offer.expired": mark("No answer from the verifier"),
        "offer.stood_down": mark("Verifiers were called off"),
        "offer.note": mark("A note from the field"),
        "observation.made": mark("An observation came in"),
        "alert.proposed": mark("An alert was proposed"),
        "alert.approved": mark("The alert was approved"),
        "alert.returned": mark("The alert was returned"),
        "alert.planned": mark("Texts were planned"),
        "alert.expired": mark("The alert is over"),
        "contact.offered_help": mark("Somebody offered to help"),
        "outbound.halted": mark("All outbound texts were stopped"),
        "outbound.resumed": mark("Texts go out again"),
        "landmark.added": mark("A landmark was added"),
        "landmark.changed": mark("A landmark was changed"),
        "landmark.removed": mark("A landmark was removed"),
        "landmark.restored": mark("A landmark was put back as it was"),
        "volunteer.added": mark("A person was added"),
        "volunteer.signed_in": mark("Signed in"),
        "volunteer.suspended": mark("A person was suspended"),
        "volunteer.restored": mark("A person was let back"),
        "volunteer.shift_begun": mark("Began a shift"),
        "volunteer.shift_ended": mark("Ended a shift"),
    },
}
"""Words by group and value."""


def word_for(group: str, value: str) -> str:
    """The English words of a value; the value itself where there are none."""
    return WORDS[group].get(value, value)
