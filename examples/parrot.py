"""Stands in for a command-line agent (see agent.py): says what it was told, a word at a time. It needs no imbridge."""

import argparse
import time


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--session", required=True)
    parser.add_argument("--message", required=True)
    told = parser.parse_args()
    print(f"[{told.session[:8]}] You said:", end="", flush=True)
    for word in told.message.split():
        time.sleep(0.05)  # as if it were thinking
        print(f" {word}", end="", flush=True)
    print()


if __name__ == "__main__":
    main()
