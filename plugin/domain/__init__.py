"""Rules: plain values in, decisions out. Standard library only; no session, no request, no clock."""
