# SPDX-License-Identifier: MIT
"""Google's API descriptions: which requests exist, and what they may contain."""

import collections
import json
import os
import re
import threading
import urllib.parse

# Those of google-api-python-client that a deployment may call.
DESCRIPTIONS = (
    "artifactregistry.v1 bigquery.v2 billingbudgets.v1 certificatemanager.v1 "
    "cloudbuild.v1 cloudkms.v1 cloudresourcemanager.v1 cloudresourcemanager.v3 "
    "cloudscheduler.v1 compute.v1 dns.v1 iam.v1 iamcredentials.v1 "
    "logging.v2 monitoring.v1 monitoring.v3 pubsub.v1 run.v1 run.v2 "
    "secretmanager.v1 serviceusage.v1 serviceusage.v1beta1 "
    "storage.v1"
).split()


class Method:
    """One method of one API, with a compiled URL pattern."""

    def __init__(self, api, doc, spec):
        self.api, self.doc, self.spec = api, doc, spec
        self.id, self.verb = spec["id"], spec["httpMethod"]
        self.params = spec.get("parameters", {})
        self.action = self.id.rsplit(".", 1)[-1]
        base = "/" + doc.get("servicePath", "")
        paths = [base + spec["path"]]
        for p in (spec.get("mediaUpload") or {}).get("protocols", {}).values():
            paths.append(p["path"])
            # gcloud also uses the resumable protocol on the simple path.
        self.patterns = []
        for path in dict.fromkeys(paths):
            names = []

            def group(m):
                name = m.group(1).lstrip("+/")
                names.append(name)
                pat = self.params.get(name, {}).get("pattern")
                if pat and m.group(1).startswith("+"):
                    pat = (
                        re.sub(r"^\^|\$$", "", pat)
                        .replace("(", "(?:")
                        .replace("(?:?:", "(?:")
                        .replace("\\(?:", "\\(")
                    )
                elif m.group(1).startswith("+") and not pat:
                    pat = ".+"
                else:
                    pat = "[^/]+"
                return "\0%d\1%s\2" % (len(names) - 1, pat)

            work = re.sub(r"\{([^}]+)\}", group, path)
            out, pos = "", 0
            for m in re.finditer("\0(\\d+)\1(.*?)\2", work, re.S):
                out += re.escape(work[pos : m.start()]) + "(?P<g%s>%s)" % (m.group(1), m.group(2))
                pos = m.end()
            out += re.escape(work[pos:])
            literal = len(re.sub("\0\\d+\1.*?\2", "", work, flags=re.S))
            self.patterns.append((re.compile(out + r"\Z"), names, literal))

    def match(self, path):
        best = None
        for rx, names, literal in self.patterns:
            m = rx.match(path)
            if m and (best is None or literal > best[0]):
                best = (literal, {n: urllib.parse.unquote(m.group("g%d" % i)) for i, n in enumerate(names)})
        return best


class Discovery:
    """All the API descriptions, loaded and compiled on first use."""

    def __init__(self, folder):
        self.folder = folder
        self.index = collections.defaultdict(list)  # host label -> names
        self.docs, self.methods = {}, {}
        self.lock = threading.RLock()
        for name in DESCRIPTIONS:
            if not os.path.exists(os.path.join(folder, name + ".json")):
                raise SystemExit(
                    "fakegcp: %s has no %s.json: give the folder "
                    "googleapiclient/discovery_cache/documents "
                    "with --descriptions" % (folder, name)
                )
            self.index[name.split(".")[0]].append(name)

    def load(self, name):
        with self.lock:
            if name not in self.docs:
                with open(os.path.join(self.folder, name + ".json"), encoding="utf-8") as f:
                    doc = json.load(f)
                self.docs[name] = doc
                found = []

                def walk(node):
                    for spec in node.get("methods", {}).values():
                        found.append(Method(name, doc, spec))
                    for sub in node.get("resources", {}).values():
                        walk(sub)

                walk(doc)
                self.methods[name] = found
            return self.docs[name]

    def label_of(self, host):
        """('run', 'europe-west1') for europe-west1-run.googleapis.com."""
        host = host.split(":")[0].lower()
        m = re.match(
            r"(?:(?P<r>[a-z]+-[a-z]+\d+)-)?(?P<l>[a-z0-9]+)"
            r"(?:\.(?P<r2>[a-z]+-[a-z]+\d+)\.rep)?\.googleapis\.com$",
            host,
        )
        if not m:
            return None, None
        return m.group("l"), m.group("r") or m.group("r2")

    def guess(self, verb, path):
        """The API of a request that came straight to the server's address."""
        best = (0, None)
        for label in self.index:
            if label == "compute" and "/compute/" not in path:
                continue  # large, and never ambiguous
            found = self.find(label, verb, path)[1]
            if found and found[0] > best[0]:
                best = (found[0], label)
        return best[1]

    def find(self, label, verb, path):
        if label == "www":
            # www.googleapis.com/<api>/<version>/...
            m = re.match(r"/(?:upload/|resumable/upload/|batch/|download/)?" r"([a-z]+)/v\d", path)
            label = m.group(1) if m else label
        if path.startswith("/download/"):
            path = path[len("/download") :]
        best, other = None, set()
        for name in self.index.get(label, ()):
            self.load(name)
            for meth in self.methods[name]:
                m = meth.match(path)
                if not m:
                    continue
                if meth.verb != verb:
                    other.add(meth.verb)
                elif best is None or m[0] > best[0]:
                    best = (m[0], meth, m[1])
        return label, best, other
