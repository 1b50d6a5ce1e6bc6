# SPDX-License-Identifier: MIT
"""What Google has not heard of yet: refusals that only mean "later"."""

from .common import ApiError


def later(cloud, what, code, message, **more):
    """The first --lag calls that need `what` are refused in Google's words; those after them go on.

    How often is kept with the project, so that a second command meets what is left of it.
    """
    left = cloud.s.d.setdefault("lag", {})
    if left.setdefault(what, cloud.o.lag) > 0:
        left[what] -= 1
        raise ApiError(code, message, kind="lag", **more)


def act_as(cloud, email):
    """A service or subscription that runs as an account which was just made."""
    later(
        cloud,
        "actAs " + email,
        403,
        "Permission 'iam.serviceaccounts.actAs' denied on service account %s (or it may not exist)." % email,
    )


def known_account(cloud, email):
    """A policy that names an account which was just made."""
    later(cloud, "member " + email, 400, "Service account %s does not exist." % email)
