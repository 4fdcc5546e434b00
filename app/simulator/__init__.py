"""A phone company on this machine: Twilio's REST and webhooks on loopback, and phones in the browser.

It is an application of its own in a process of its own, needs no database, and imports none of the hotline's rooms.
Start reading at `exchange.py`.
"""
