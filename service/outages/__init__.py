"""Outages: the copy of what the core tells, and whom they hit.

`finding` answers pages, the assistant and the requests; `service.events.OutageAnnounced` and
`OutageChanged` tell the other rooms, in the transaction in which the copy is written.
"""
