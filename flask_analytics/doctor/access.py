"""Who may read."""

from __future__ import annotations

from collections.abc import Iterator

from .finding import OK, PROBLEM, WARNING, Finding, Patient

NAME = "access"


def check(patient: Patient) -> Iterator[Finding]:
    """Whether anybody may, and nobody by mistake."""
    app, tokens = patient.app, patient.state.settings.read_tokens
    if patient.state.callbacks.access is not None:
        yield Finding(NAME, OK, "@analytics.access says who may read.")
    elif tokens:
        yield Finding(
            NAME, WARNING, "Machines with a read token may read, and no person may.",
            "Decorate a function with @analytics.access that returns True for those who may.",
        )  # fmt: skip
    else:
        yield Finding(
            NAME, WARNING, "Nobody may read in production: outside debug mode the dashboard and "
            "the read API are closed.",
            "Decorate a function with @analytics.access that returns True for those who may.",
        )  # fmt: skip
    if app.testing:
        yield Finding(
            NAME, PROBLEM, "TESTING is on: events stay in memory and go nowhere.",
            "Set TESTING in tests only.",
        )  # fmt: skip
    if app.debug:
        yield Finding(
            NAME, WARNING, "Debug mode is on: mistakes raise in views, and a browser on this "
            "machine may read where no @analytics.access is declared.",
            "Never serve others in debug mode.",
        )  # fmt: skip
    if not patient.state.settings.enabled:
        yield Finding(
            NAME, WARNING, "ANALYTICS_ENABLED is False: there are no events.",
            "Leave ANALYTICS_ENABLED out.",
        )  # fmt: skip
