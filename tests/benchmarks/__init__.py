"""Speed, measured beside something this machine does in the same run.

A figure alone says as much about the machine as about the service. Each row is
therefore a ratio to a reference that ran in turns with it; both are medians.
"""
