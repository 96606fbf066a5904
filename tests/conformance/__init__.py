"""Stories of points that were lost, doubled or invented elsewhere, told through the HTTP API alone.

They need a service, a manager's key and a store whose programme began more than 60 days ago:

    CONFORMANCE_URL=http://127.0.0.1:8000 CONFORMANCE_KEY=... CONFORMANCE_STORE=S01 \
        python -m pytest tests/conformance

Without these a server of this very service is started for them, on each database. They add tiers
of their own and use numbers of members that are theirs alone.
"""
