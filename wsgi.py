import gc
import sys

from config import BadSetting
from loyalty import create_app

try:
    app = create_app()
except BadSetting as wrong:
    # One line says what to mend; a traceback would bury it.
    sys.exit(f"Error: {wrong}")
# What was made so far lives as long as the process: no collection need look at it again.
gc.collect()
gc.freeze()
# A request makes thousands of objects and leaves none: look for cycles less often.
gc.set_threshold(50_000, 20, 20)
