"""The commands of the command line. They print, and return exit codes; auditor.cli alone exits."""
