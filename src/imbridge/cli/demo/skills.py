"""The skills that the demo runs: short, and written as anybody would write them."""

import asyncio
from collections.abc import AsyncIterator

from imbridge import (
    BaseSkill,
    Button,
    ButtonClicked,
    Card,
    Markdown,
    Message,
    Toast,
    on_command,
    on_element,
    on_event,
)

_STORY = ("Once upon a time ", "a message ", "went to ", "four platforms ", "at once.")
_WEATHER = {"beijing": "sunny, 3 °C", "shanghai": "cloudy, 12 °C", "shenzhen": "clear, 22 °C"}


class Echo(BaseSkill):
    """Asked last, because it takes every text."""

    name, description, version = "echo", "repeats what you say", "1.0"
    priority = -10

    async def handle_message(self, msg: Message) -> str | None:
        """Repeat a text."""
        if msg.content_type == "text":
            return f"echo: {msg.text}"
        return None


class Weather(BaseSkill):
    """A command with an argument, which asks when the argument is missing."""

    name, description, version = "weather", "the weather in a city", "1.0"

    @on_command("weather", usage="CITY")
    async def weather(self, msg: Message, argument: str) -> str | Markdown:
        """Tell the weather."""
        city = argument or (await msg.ask("Which city?", timeout=60)).text
        found = _WEATHER.get(city.casefold())
        return Markdown(f"**{city}**: {found}") if found else f"I do not know {city}."


class Report(BaseSkill):
    """One text in Markdown; each platform gets what it can show of it."""

    name, description, version = "report", "the weather in all cities", "1.0"

    @on_command("report")
    async def report(self) -> Markdown:
        """A headline, a table and a link."""
        rows = "\n".join(f"| {city.title()} | {weather} |" for city, weather in _WEATHER.items())
        return Markdown(f"## Today\n\n| City | Weather |\n| --- | --- |\n{rows}\n\n[More](https://example.com/weather)")


class Deploy(BaseSkill):
    """Asks with buttons; whoever clicks sees a toast, and everybody the changed card."""

    name, description, version = "deploy", "asks whether to deploy", "1.0"

    @on_command("deploy")
    async def ask(self) -> Card:
        """Show the card."""
        return Card(title="Deploy v1.2?", color="orange", body=[Button("Yes", style="primary"), Button("No")])

    @on_event(ButtonClicked)
    async def decide(self, event: ButtonClicked) -> list[Toast | Card]:
        """Change it."""
        return [Toast("Noted", kind="success"), Card(title=f"Deploy v1.2: {event.action}", color="green")]


class Counter(BaseSkill):
    """Remembers something per conversation."""

    name, description, version = "count", "counts how often you asked", "1.0"

    @on_command("count")
    async def count(self, msg: Message) -> str:
        """Count up."""
        msg.session["times"] = msg.session.get("times", 0) + 1
        return f"You asked {msg.session['times']} time(s)."


class Story(BaseSkill):
    """An answer that grows, as a language model's does."""

    name, description, version = "story", "tells a story, word by word", "1.0"

    @on_command("story")
    async def story(self) -> AsyncIterator[str]:
        """Tell it."""
        for piece in _STORY:
            yield piece
            await asyncio.sleep(0.2)


class Pictures(BaseSkill):
    """Media: looks at what was sent."""

    name, description, version = "pictures", "looks at pictures", "1.0"

    @on_element("image")
    async def look(self, msg: Message) -> str:
        """Say how large a picture is."""
        data = await msg.media[0].read()
        return f"A picture of {len(data)} bytes."


class Broken(BaseSkill):
    """A skill with a mistake in it."""

    name, description, version = "divide", "divides by zero", "1.0"

    @on_command("divide")
    async def divide(self) -> str:
        """Fail."""
        return str(1 // 0)
