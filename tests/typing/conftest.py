"""The user's file is read by checkers, and run by one test alone."""

collect_ignore = ["user_file.py"]
