from __future__ import annotations

from flask.cli import AppGroup

tags = AppGroup("tags", help="Small groups of members.")
