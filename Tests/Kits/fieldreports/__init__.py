# SPDX-License-Identifier: MIT
"""Feeds the cases of Tests/Cases/field-reports to the programs and says which come out right."""
