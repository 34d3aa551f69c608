"""``python -m ofsight``: the command line where no script is installed."""

from ofsight.cli import main

if __name__ == "__main__":
    main()
