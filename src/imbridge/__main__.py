"""`python -m imbridge` is the command `imbridge`."""

from imbridge.cli.main import main

if __name__ == "__main__":
    main()
