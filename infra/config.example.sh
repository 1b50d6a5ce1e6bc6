# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC1083,SC2125
# What is deployed, and where. Copy to infra/config.sh (git ignores it) and edit; CONFIG=FILE picks another.
# One NAME=value a line. Everything is checked before the first call; scripts/deploy.sh --help goes on.

# One question first, which decides the table of a row: are your users accounts or visitors?
# Accounts (tenants, customers) are few, and each wants tables of its own: one for each account and day.
TEMPLATE_SUFFIX=_{user_id}_{date}
# Visitors are many, and anonymous: take 16 groups of them instead. With the line above, a site of visitors makes more tables
# than BigQuery's limits allow; scripts/estimate.sh says which limits. More suffixes: infra/tables.md.
#TEMPLATE_SUFFIX=_{bucket:user_id:16}_{date}

# The Google Cloud project, and the region that the services run in.
PROJECT=my-project
REGION=europe-west1

# What serves the pixel (costs of each: infra/README.md):
#   service  PixelIngest behind the HTTP(S) load balancer: your own domain, HTTPS, one address
#   bucket   a public bucket with CDN behind the load balancer: no server at all
#   direct   PixelIngest at its own run.app address: the cheapest for small sites
ROAD=service

# With ROAD=service, what records a hit:
#   log      the load balancer's request log: the image is answered at once, without a call to Pub/Sub
#   publish  PixelIngest itself: when privacy signals in the request's headers have to count
# (direct always publishes; a bucket can only log.)
INGEST_MODE=log

# The name that pages will embed, as track.example.com; with a load balancer up to 15 with commas, and another one leaves
# the old one served until the new certificate is active. Empty: plain HTTP at the address that deploy prints, which no
# HTTPS page can load (with ROAD=direct: HTTPS at run.app).
DOMAIN=

# At most so many requests a minute from one address (Cloud Armor, about 6 USD a month and 0.75 a million): what bounds the
# bill when somebody makes up hits. With ROAD=service only; empty: no limit. 600 is far above any visitor.
RATE_LIMIT=

# Further regions of the collector, with commas, behind the same address: the nearest one that works answers. Empty: none.
INGEST_REGIONS=

# Paths that are the pixel, with commas; .gif is served as GIF, the others as PNG.
PIXEL_PATHS=/pixel.png,/pixel.gif

# Where the tracker is, and where events are posted, with commas; the tracker uses the first of EVENTS_PATH. Lists of those who block
# trackers know these names; another path is another name.
TRACKER_PATH=/p.js
EVENTS_PATH=/events

# Privacy, decided before anything is stored: what a visitor's signal (Global Privacy Control, Do Not Track, no
# consent) does: honor, drop or ignore; and what becomes of every address: keep, truncate or drop. Signals in
# headers only count where PixelIngest publishes; in log mode and with a bucket, those in the URL do.
PRIVACY_SIGNALS=honor
IP_POLICY=keep
# Which columns are personal: infra/privacy.json. The parameter that says no with 0, no, false or denied:
CONSENT_PARAMETER=consent

# Pages that may POST events to PixelIngest, with commas; * is any.
ALLOWED_ORIGINS=*

# A file of keys, one a line, of which every POST to PixelIngest then needs one: infra/write-keys (git ignores it),
# or a full path. Its content goes into Secret Manager, which only PixelIngest reads. Empty: anybody may post.
WRITE_KEYS_FILE=

# Where BigQuery keeps the data: EU, US, or a region, on the continent of REGION. It can't be changed later.
BIGQUERY_LOCATION=EU

# A key of your own (Cloud KMS) for topics, images and datasets: projects/P/locations/REGION/keyRings/R/cryptoKeys/K. It needs
# an empty TEMPLATE_SUFFIX, and BIGQUERY_LOCATION=REGION. Empty: Google's keys.
KMS_KEY=

# What the tables look like: a BigQuery schema file, relative to the repository. infra/contracts, the folder: all files in it, each
# with its own tables, view events_NAME and function events_NAME_between; a hit picks one by c=NAME.
CONTRACT=infra/contracts/pixel.json

# The zone of {date} in TEMPLATE_SUFFIX: UTC, a name as Europe/Berlin, or a rule as CET-1CEST,M3.5.0,M10.5.0/3. (BigQuery
# knows no rules: with one, a view that has to count days from event_time itself counts them in UTC.)
TIME_ZONE=UTC
# infra/known-ids, a file with an id a line: only they get tables of their own. Empty: any id does.
KNOWN_IDS=
# The table that scripts/tables.sh move has moved old suffix tables to, as events_moved, which the view then reads, too.
# Empty: none.
MOVED_TO=

# Any other setting of the three programs, as NAME=value with spaces between; the README explains each.
#INGEST_SETTINGS=ID_COOKIE=visitor ID_COOKIE_LIFETIME=720h TRACKER_PATH=/t.js EVENTS_PATH=/in,/events LOG_CALLS=1/100
#LOADER_SETTINGS=SCHEMA_GRACE=1h MAX_NEW_TABLES_PER_HOUR=1000
INGEST_SETTINGS=
PARSE_SETTINGS=
LOADER_SETTINGS=

# Names. Everything begins with PREFIX and is labelled pipeline=PREFIX: another PREFIX is another pipeline, also in the same
# project. Empty datasets: PREFIX and PREFIX_ops. With ROAD=bucket, BUCKET is a bucket of
# its own: everything in it becomes public, and teardown deletes it. Empty: PROJECT-PREFIX.
PREFIX=pixel
DATASET=
TABLE=pixel
OPS_DATASET=
BUCKET=

# How long things are kept, in days: raw log entries, rejected events (both in OPS_DATASET), and messages that
# a stage could not take yet (at most 31).
RAW_DAYS=7
REJECTED_DAYS=30
MESSAGE_DAYS=7

# The most instances of the three services: what bounds their CPU, and no other line of the bill (deploy.sh prints both).
MAX_INSTANCES_INGEST=10
MAX_INSTANCES_PARSE=4
MAX_INSTANCES_LOADER=4

# How Cloud Run bills: request (only while something is answered: best below about a million hits a day) or instance (all
# the time that an instance is there, no fee a request, 512 MiB; scripts/estimate.sh says from which rate on it pays). The
# other three say it of one service; empty is as BILLING says.
BILLING=request
BILLING_INGEST=
BILLING_PARSE=
BILLING_LOADER=

# Who gets alerts (empty: nobody, they only show in the console), after how many minutes without a hit
# (0: never), and from how many rejections in five minutes.
ALERT_EMAIL=
NO_HITS_MINUTES=60
REJECTIONS_ALERT=100

# A monthly budget that warns at 50, 90 and 100 %, in the billing account's currency. Empty account: none.
BILLING_ACCOUNT=
BUDGET=50

# When Google rebuilds the images with the packages of the day and deploys them, as a crontab has it, in UTC: 0 4 * * 1 is Mondays
# at 4. It builds the commit that was deployed last. Empty: never; then do it yourself (infra/runbook/releases.md).
WEEKLY_REBUILD=

# Images. Empty: REGION-docker.pkg.dev/PROJECT/PREFIX/NAME:IMAGE_TAG, which deploy builds; with
# SKIP_IMAGE_BUILD=1 nothing is built, and these are deployed as they stand. An empty tag is the commit.
IMAGE_TAG=
IMAGE_PIXEL_INGEST=
IMAGE_LOG_PARSE=
IMAGE_BQ_LOADER=
