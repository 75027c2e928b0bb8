"""`python -m plugin.cli …`, for where the `practicum` command is not on the path."""

from plugin.cli import main

main(prog_name="practicum")
