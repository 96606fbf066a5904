"""Who may open these pages."""

from __future__ import annotations

from loyalty.core.access import Door, requires
from loyalty.programme.rules import CHANGE

CHANGES = requires(CHANGE, door=Door.LOGIN)
