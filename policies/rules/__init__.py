"""The articles as functions: a chapter a file, one function per question.

Each is pure: edition, calendar, state and day come in, assessments go out.
"""
