"""The rules of the publish gate, one file a subject.

A rule is a function that reads values and yields faults, each with its remedy in a teacher's words. Rules on
one activity also run over a pack that cannot be loaded; rules on the whole need a whole pack. A new rule is
listed in `content.linter`.
"""
