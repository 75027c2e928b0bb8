"""Background work: what is still to be told to an LMS, and housekeeping. It owns the transaction of a job."""
