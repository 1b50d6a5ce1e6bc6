# SPDX-License-Identifier: MIT
"""Benchmarks of the function runtime beside what people would use instead."""
