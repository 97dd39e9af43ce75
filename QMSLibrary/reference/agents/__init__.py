"""The six agents of the reference QMS: pure functions from a pull request's files to an answer. No I/O."""
