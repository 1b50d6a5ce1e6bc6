# SPDX-License-Identifier: MIT
"""An offline Google Cloud control plane."""
