from __future__ import annotations

from flask.cli import AppGroup

audiences = AppGroup("audiences", help="Large groups of members.")
