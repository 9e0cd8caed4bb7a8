"""Programs for the agent skill, and what is left of them."""

import asyncio
import sys

import psutil

from imbridge.skills.builtin import CommandAgentSkill


def python(code, *arguments, **options):
    options.setdefault("language", "en")
    return CommandAgentSkill([sys.executable, "-c", code, *arguments], **options)


async def answer(skill, message):
    content = await skill.handle_message(message)
    if content is None:
        return message._bound().said[-1]
    return content if isinstance(content, str) else "".join([piece async for piece in content])


def alive(pid):
    """A zombie that belongs to no one of ours is no running process."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def until(condition):
    while not condition():
        await asyncio.sleep(0.01)


OTHERS: set[psutil.Process] = set()
"""Children that other tests keep for longer: a server."""


def children():
    return set(psutil.Process().children(recursive=True)) - OTHERS
