"""A skill that reminds people, also when the bot was restarted meanwhile. FEISHU_APP_ID and FEISHU_APP_SECRET are set.

imbridge run remind.py

/remind 10m tea is ready    something is said here in ten minutes
/standup Ann Bob            at nine, from Monday to Friday, somebody is asked to begin
/planned                    what is planned here
/forget standup             it is not said any more
"""

from imbridge import BaseSkill, Message, on_command
from imbridge.runtime.scheduling import ScheduledRun


class Remind(BaseSkill):
    name, description, version = "remind", "reminds people", "1.0"

    @on_command("remind", usage="10m TEXT")
    async def remind(self, msg: Message, argument: str) -> str:
        after, _, what = argument.partition(" ")
        try:
            job = await msg.schedule(f"⏰ {what or 'time is up'}", after=after)
        except ValueError as error:
            return str(error)
        return f"{job.name}: {job.next_at:%m-%d %H:%M:%S}"

    @on_command("standup", usage="NAME...")
    async def stand_up(self, msg: Message, args: list[str]) -> str:
        if not args:
            return "Who takes part?"
        job = await msg.schedule(method="ask_one", cron="0 9 * * 1-5", name="standup", options={"names": args})
        return f"{job.when}, next {job.next_at:%m-%d %H:%M}"

    async def ask_one(self, run: ScheduledRun) -> str:
        names = run.options["names"]
        return f"Stand-up! Today {names[run.due.toordinal() % len(names)]} begins."

    @on_command("planned")
    async def planned(self, msg: Message) -> str:
        jobs = await msg.jobs()
        return "\n".join(f"{job.name}: {job.next_at:%m-%d %H:%M} {job.what}" for job in jobs) or "nothing"

    @on_command("forget", usage="NAME")
    async def forget(self, msg: Message, argument: str) -> str:
        return "forgotten" if await msg.unschedule(argument.strip()) else f"there is no {argument.strip()!r} here"
