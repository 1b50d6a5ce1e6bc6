# SPDX-License-Identifier: MIT
"""The project's state, kept in one JSON file."""

import json
import os
import threading

from .common import MUTABLE_NOISE


class Store:
    """Resources, IAM policies and operations, kept in one JSON file."""

    def __init__(self, folder, project, number):
        self.folder = folder
        self.file = os.path.join(folder, "state.json")
        self.objects = os.path.join(folder, "objects")
        os.makedirs(self.objects, exist_ok=True)
        self.lock = threading.RLock()
        self.d = {
            "project": project,
            "number": number,
            "seq": 1000,
            "resources": {},
            "policies": {},
            "operations": {},
        }
        for name, text in (
            ("_Required", 'LOG_ID("cloudaudit.googleapis.com/activity")'),
            ("_Default", 'NOT LOG_ID("cloudaudit.googleapis.com/activity")'),
        ):
            self.d["resources"]["logging:projects/%s/sinks/%s" % (project, name)] = {
                "name": name,
                "filter": text.replace("LOG_ID", "log_id"),
                "resourceName": "projects/%s/sinks/%s" % (project, name),
                "destination": "logging.googleapis.com/projects/%s/locations/"
                "global/buckets/%s" % (project, name),
            }
        if os.path.exists(self.file):
            with open(self.file) as f:
                self.d = json.load(f)
            if self.d["project"] != project:
                raise SystemExit(
                    "fakegcp: %s holds project %r, not %r" % (self.file, self.d["project"], project)
                )

    def save(self):
        tmp = self.file + ".tmp"
        with open(tmp, "w") as f:
            json.dump(self.d, f, indent=1, sort_keys=True)
            f.write("\n")
        os.replace(tmp, self.file)

    def seq(self):
        self.d["seq"] += 1
        return self.d["seq"]

    @property
    def res(self):
        return self.d["resources"]

    @property
    def policies(self):
        return self.d["policies"]

    def children(self, collection):
        """Direct members of a collection, by name."""
        pre = collection + "/"
        return [(k, v) for k, v in sorted(self.res.items()) if k.startswith(pre) and "/" not in k[len(pre) :]]

    def drop(self, key):
        """Remove a resource, what lies under it, and their policies."""
        for table in (self.res, self.policies):
            for k in [k for k in table if k == key or k.startswith(key + "/")]:
                del table[k]

    def fingerprint(self):
        def strip(v):
            if isinstance(v, dict):
                return {k: strip(x) for k, x in v.items() if k not in MUTABLE_NOISE}
            if isinstance(v, list):
                return [strip(x) for x in v]
            return v

        return {
            k: strip(v)
            for k, v in list(self.res.items())
            + [
                ("iam-policy of " + k, v.get("bindings", []))
                for k, v in self.policies.items()
                if v.get("bindings")
            ]
        }
