"""A bot that reminds people. FEISHU_APP_ID and FEISHU_APP_SECRET are set.

python reminder.py

/remind 10 tea is ready     something is said here in ten minutes, also when the bot was restarted meanwhile
/reminders                  what is planned here
/forget 3f2a91c0b4          one of them is not said
/standup                    nine o'clock from Monday to Friday, from now on
"""

from datetime import UTC, datetime, timedelta

from imbridge import Bridge, Message

bridge = Bridge.from_env()


@bridge.command("remind", usage="MINUTES TEXT")
async def remind(msg: Message, argument: str) -> str:
    minutes, _, what = argument.partition(" ")
    try:
        moment = datetime.now(UTC) + timedelta(minutes=float(minutes))
        job = await bridge.schedule(f"⏰ {what or 'time is up'}", to=msg.channel, at=moment)
    except (ValueError, OverflowError) as error:
        return str(error)
    return f"{job.name}: {job.next_at:%m-%d %H:%M:%S}"


@bridge.command("reminders")
async def reminders(msg: Message) -> str:
    here = [job for job in await bridge.jobs() if job.to == msg.channel.address]
    return "\n".join(f"{job.name}: {job.next_at:%m-%d %H:%M} {job.what}" for job in here) or "nothing is planned here"


@bridge.command("forget")
async def forget(msg: Message, argument: str) -> str:
    here = {job.name for job in await bridge.jobs() if job.to == msg.channel.address}
    name = argument.strip()
    return "forgotten" if name in here and await bridge.unschedule(name) else f"there is no {name!r} here"


@bridge.command("standup")
async def stand_up(msg: Message) -> str:
    job = await bridge.schedule("Stand-up!", to=msg.channel, cron="0 9 * * 1-5")
    return f"{job.when}, next {job.next_at:%m-%d %H:%M}"


if __name__ == "__main__":
    raise SystemExit(bridge.run())
