"""Fuzzing: changed inputs for every parser and protocol machine. Run ``python -m fuzz --seconds 60``.

Each target lists the exceptions that it may raise. Any other exception, and any input that takes too long, is
a crash. A crash is written to ``fuzz/corpus/TARGET`` and stays there after it is fixed. The tests replay it.
"""
