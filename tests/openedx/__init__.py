"""Open edX's own LTI 1.3 platform code, as somebody else's LMS in the tests.

`lti-consumer-xblock` is what every Open edX runs; an edx-platform around it is not needed for what a tool can see. This
folder is the little that it is missing: a Django project, users with roles in courses, and a store for blocks. It runs
in a process and an environment of its own (`.venv-openedx`; the package is under the AGPL), speaks HTTP only, imports
nothing of the product, and nothing of the product imports it.

    .venv-openedx/bin/python -m tests.openedx FOLDER    # prints its address, and ends when its standard input does
"""
