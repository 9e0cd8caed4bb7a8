"""What every platform's emulator needs and no platform has of its own.

Here belongs what a test or the machine asks for, whichever platform it is: a person's inbox and waiting for what comes
into it, faults on demand, watching the wire, counting, rates as such, ids that a seed repeats, keeping only the newest,
listening and stopping, the owner of the requests to a callback address. And what two platforms document alike to the
letter: the encryption that WeCom, its smart bots and WeChat share.

A platform's own rule stays in the platform's folder, also when it looks like another's: how often a callback is sent
again, what a code or a token does, which answers count. Nothing here imports a platform.
"""
