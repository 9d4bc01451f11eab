#!/bin/sh
# Formats the data file of a cluster of one when there is none yet, and starts the replica.
set -eu
file="${DATA_FILE:-/data/0_0.tigerbeetle}"
if [ ! -f "$file" ]; then
  # Under another name until it is whole: what was half formatted when the power went is formatted again.
  rm -f "$file.new"
  tigerbeetle format --cluster="${CLUSTER_ID:-0}" --replica=0 --replica-count=1 "$file.new"
  mv "$file.new" "$file"
fi
exec tigerbeetle start --addresses="${ADDRESSES:-0.0.0.0:3000}" "$file"
