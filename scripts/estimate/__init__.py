# SPDX-License-Identifier: MIT
"""What the pipeline would cost: `scripts/estimate.sh`."""
