"""`wasmlathe doctor`: what is installed, whether the parts match, and what to run when they do not."""

from __future__ import annotations

import click

from .. import doctor
from ..outcome import FAILED
from .parameters import traceback_option


@click.command("doctor")
@traceback_option
def command() -> int:
    """Check the installation and name the commands that mend it; the status is 1 if a part fails."""
    checks = doctor.report()
    click.echo(doctor.render(checks))
    return 0 if doctor.is_healthy(checks) else FAILED
