"""Any agent with a command line as a bot: each message starts the program, and what it prints is the answer.

The program here is parrot.py, which is harmless. Put your own in its place, for example

    ["my-agent", "--session={session}", "--message={text}"]

No shell is involved: a text can neither end its argument nor, behind `--message=`, become an option. What else
strangers can make *your* program do is for you to judge: restrict who may use the skill (`permissions` in
imbridge.yaml).
"""

import sys
from pathlib import Path

from imbridge.skills.builtin.agent import CommandAgentSkill

PARROT = Path(__file__).with_name("parrot.py")

skill = CommandAgentSkill(
    [sys.executable, str(PARROT), "--session={session}", "--message={text}"],
    name="parrot",
    description="says it again; /new begins a new session",
    timeout=30,
)
