# SPDX-License-Identifier: MIT
"""Clients, resolvers and servers that misbehave, and what the programs have to do all the same."""
