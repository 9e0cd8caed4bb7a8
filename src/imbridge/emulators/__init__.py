"""Protocol-true local stand-ins for the platforms' servers, with faults on demand.

They speak the platforms' real frames over loopback, check what they are sent and remember it, so that skills,
adapters and the demo run with no account anywhere. They are written from the platforms' documents and import none
of imbridge's adapters: an error of understanding in one shows in the other.
"""
