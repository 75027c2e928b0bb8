"""The connection doctor: does this connection work, and if it does not, who must do what?

`findings` are plain results, `words` their sentences, `wire` keeps a bad LMS from holding anybody up, `calls` are the
checks that ask the LMS, `known` those that look at what launches and scores left behind, `rounds` is when they may run
and where the last result is kept. Nothing here may be trusted to an LMS: what it answers is counted, never repeated.
"""
