# The view `events` and the table function `events_between`: one row an event, over all suffix tables.
# shellcheck shell=bash

part_views() { :; }

# They go with their dataset.
undo_views() { :; }
