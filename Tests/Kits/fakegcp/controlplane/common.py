# SPDX-License-Identifier: MIT
"""Errors in the shape of Google's, and what the other modules have in common."""

import datetime

VERSION = "1.0"


# Services a new project is assumed to have (a subset of Google's own default
# list); anything else has to be enabled by the script first.
DEFAULT_ENABLED = (
    "bigquery.googleapis.com",
    "bigquerystorage.googleapis.com",
    "cloudapis.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "servicemanagement.googleapis.com",
    "serviceusage.googleapis.com",
    "storage-api.googleapis.com",
    "storage-component.googleapis.com",
    "storage.googleapis.com",
)


# APIs whose calls are refused until the project has them enabled.
GATED = (
    "pubsub",
    "run",
    "compute",
    "iam",
    "artifactregistry",
    "cloudbuild",
    "secretmanager",
    "certificatemanager",
    "dns",
    "billingbudgets",
    "cloudscheduler",
)


KNOWN_ROLES = set("""
roles/owner roles/editor roles/viewer roles/browser
roles/run.invoker roles/run.admin roles/run.developer roles/run.viewer
roles/run.serviceAgent roles/run.servicesInvoker roles/run.sourceDeveloper
roles/pubsub.admin roles/pubsub.editor roles/pubsub.publisher
roles/pubsub.subscriber roles/pubsub.viewer roles/pubsub.serviceAgent
roles/logging.logWriter roles/logging.configWriter roles/logging.viewer
roles/logging.admin roles/logging.privateLogViewer roles/logging.bucketWriter
roles/monitoring.metricWriter roles/monitoring.viewer roles/monitoring.editor
roles/monitoring.admin roles/monitoring.alertPolicyEditor
roles/bigquery.dataEditor roles/bigquery.dataOwner roles/bigquery.dataViewer
roles/bigquery.jobUser roles/bigquery.user roles/bigquery.admin
roles/bigquery.metadataViewer roles/bigquery.filteredDataViewer
roles/storage.objectViewer roles/storage.objectCreator roles/storage.admin
roles/storage.objectAdmin roles/storage.objectUser
roles/storage.legacyBucketReader roles/storage.legacyBucketOwner
roles/storage.legacyBucketWriter roles/storage.legacyObjectReader
roles/storage.legacyObjectOwner
roles/artifactregistry.reader roles/artifactregistry.writer
roles/artifactregistry.admin roles/artifactregistry.repoAdmin
roles/artifactregistry.createOnPushWriter
roles/iam.serviceAccountUser roles/iam.serviceAccountTokenCreator
roles/iam.serviceAccountOpenIdTokenCreator roles/iam.serviceAccountAdmin
roles/iam.workloadIdentityUser roles/iam.serviceAccountCreator
roles/iam.serviceAccountDeleter roles/iam.serviceAccountViewer
roles/cloudbuild.builds.builder roles/cloudbuild.builds.editor
roles/secretmanager.secretAccessor roles/secretmanager.admin
roles/compute.admin roles/compute.loadBalancerAdmin
roles/compute.networkAdmin roles/compute.viewer roles/cloudtrace.agent
roles/serviceusage.serviceUsageAdmin roles/serviceusage.serviceUsageConsumer
roles/errorreporting.writer roles/eventarc.eventReceiver
""".split())


MUTABLE_NOISE = {
    "etag",
    "updateTime",
    "lastModifiedTime",
    "fingerprint",
    "metageneration",
    "updated",
    "generation",
    "resourceVersion",
    "revisionId",
    "uniqueId",
    "creationRecord",
    "mutationRecord",
    "lastTransitionTime",
    "observedGeneration",
    "labelFingerprint",
}


GLOBAL_QUERY = {
    "$.xgafv",
    "access_token",
    "alt",
    "callback",
    "fields",
    "key",
    "oauth_token",
    "prettyPrint",
    "quotaUser",
    "uploadType",
    "returnPartialSuccess",  # documented, not in discovery
    "upload_protocol",
    "userIp",
    "$alt",
    "$fields",
    "upload_id",
    "name",
}


def now():
    t = datetime.datetime.now(datetime.timezone.utc)
    return t.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class ApiError(Exception):
    """An error answer in the shape that Google's REST APIs use."""

    STATUS = {
        400: "INVALID_ARGUMENT",
        401: "UNAUTHENTICATED",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
        409: "ALREADY_EXISTS",
        412: "FAILED_PRECONDITION",
        429: "RESOURCE_EXHAUSTED",
        500: "INTERNAL",
        501: "UNIMPLEMENTED",
        503: "UNAVAILABLE",
    }
    REASON = {
        400: "invalid",
        401: "authError",
        403: "forbidden",
        404: "notFound",
        409: "duplicate",
        412: "conditionNotMet",
        429: "rateLimitExceeded",
        500: "backendError",
        501: "notImplemented",
        503: "backendError",
    }

    def __init__(self, code, message, status=None, reason=None, details=None, kind="state"):
        super().__init__(message)
        self.code, self.message, self.kind = code, message, kind
        self.status = status or self.STATUS.get(code, "UNKNOWN")
        self.reason = reason or self.REASON.get(code, "invalid")
        self.details = details

    def body(self):
        err = {
            "code": self.code,
            "message": self.message,
            "status": self.status,
            "errors": [{"message": self.message, "domain": "global", "reason": self.reason}],
        }
        if self.details:
            err["details"] = self.details
        return {"error": err}


def seconds(d):
    return float(d[:-1]) if d else None


class Raw:
    """A non-JSON answer."""

    def __init__(self, data, ctype=None, headers=(), code=200):
        self.data, self.ctype = data, ctype or "application/octet-stream"
        self.headers, self.code = list(headers), code
