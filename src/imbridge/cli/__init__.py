"""The command line: a thin skin over the library.

Nothing here imports the runtime or an adapter before a command needs it, so that `imbridge --help` answers at once.
"""
