"""Benchmarks, run by hand with `make bench`: ratios of two runs on the same machine, never a pass mark."""
