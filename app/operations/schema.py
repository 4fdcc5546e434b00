"""Every table, imported in one place so that migrations see all of them."""

from __future__ import annotations

from sqlmodel import SQLModel

import app.records.alert_templates
import app.records.alerts
import app.records.broadcasts
import app.records.contacts
import app.records.corrections
import app.records.decisions
import app.records.deliveries
import app.records.events
import app.records.inbound
import app.records.incidents
import app.records.landmarks
import app.records.masked
import app.records.partners
import app.records.photos
import app.records.regroupings
import app.records.urgent_calls
import app.records.verification
import app.rights.tables
import app.subscribers.tables
import app.volunteers.shift_tables
import app.volunteers.tables
import app.volunteers.zones  # noqa: F401  # imported for what they declare

METADATA = SQLModel.metadata
