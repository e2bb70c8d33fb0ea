"""``python -m sklearn_mlic`` is the command line."""

from sklearn_mlic.cli import main

if __name__ == "__main__":
    main()
