import gc

from loyalty import create_app

app = create_app()
# What was made so far lives as long as the process: no collection need look at it again.
gc.collect()
gc.freeze()
