#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/estimate.sh --hits-per-day N --road service|bucket|direct --suffix PATTERN [OPTION…]
#
# What the pipeline would cost in a month, line by line, and the limits of Google Cloud that it would come near.
# Prices, limits and assumptions are in infra/prices.json, with their date and where they come from.
#
#   --hits-per-day N    hits of a day; 10k, 2.5M and 1B are numbers too, in lower or upper case
#   --road ROAD         as in infra/config.sh: service, bucket or direct
#   --suffix PATTERN    TEMPLATE_SUFFIX, as '_{user_id}_{date}'; '' for a single table
#   --ingest-mode MODE  with --road service: log or publish [log]
#   --users N           different users of a day, for a suffix with a column [a tenth of the hits]
#   --peak N            the busiest hour is so many times the average [3]
#   --entry-bytes N     of a hit's log entry [1500]
#   --row-bytes N       of a row [1000]
#   --keep-months N     how long rows are kept [12]
#   --billing HOW       request or instance, as BILLING in infra/config.sh [request]
#   --rate-limit        with Cloud Armor's limit, as RATE_LIMIT
#   --prices FILE       other prices [infra/prices.json]
#   --table day|month   instead: Markdown, the total of each road for 10 thousand, 1 million and 100 million hits
#   --table billing     instead: Markdown, the total of each road by request and by instance
#   --worst N           instead: the worst month at N made-up hits a second, with --instances I,P,L of the three services
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

case " $* " in *' -h '* | *' --help '*) print_usage "$0"; exit 0 ;; esac
command -v python3 >/dev/null || die 'python3 is not installed'
PYTHONPATH="$ROOT/scripts" PYTHONDONTWRITEBYTECODE=1 exec python3 -m estimate --prices "$ROOT/infra/prices.json" "$@"
