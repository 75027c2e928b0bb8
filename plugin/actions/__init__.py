"""One function for each thing somebody does: load, ask the domain, store, queue.

An action is given the session, who acts and `now`; it never commits and never reads the request.
"""
