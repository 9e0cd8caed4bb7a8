"""A command with an argument, a question when the argument is missing, and a memory per conversation.

`/weather shenzhen` answers. `/weather` asks for the city, or takes the one this conversation asked for last.
"""

from imbridge import AskTimeoutError, BaseSkill, Markdown, Message, on_command

WEATHER = {"beijing": "sunny, 3 °C", "shanghai": "cloudy, 12 °C", "shenzhen": "clear, 22 °C"}


class Weather(BaseSkill):
    name, description, version = "weather", "the weather in a city", "1.0"

    @on_command("weather", aliases=("天气",), usage="[CITY]")
    async def weather(self, msg: Message, argument: str) -> str | Markdown:
        """Tell the weather."""
        city = argument or msg.session.get("city", "")
        if not city:
            try:
                city = (await msg.ask("Which city?", timeout=60)).text
            except AskTimeoutError:
                return "Never mind, then."
        found = WEATHER.get(city.casefold())
        if found is None:
            return f"I do not know {city}. I know {', '.join(WEATHER)}."
        msg.session["city"] = city  # kept per conversation and skill; JSON values only
        return Markdown(f"**{city}**: {found}")

    @on_command("forget")
    async def forget(self, msg: Message) -> str:
        """Forget the city."""
        msg.session.pop("city", None)
        return "Forgotten."
