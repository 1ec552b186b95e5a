#!/bin/sh
# Makes the image of the FastAPI service where Docker runs: the base from Debian's archive, without a registry.
set -eu
cd "$(dirname "$0")"
mirror=${DEBIAN_MIRROR:-$(awk '/^URIs:/{print $2; exit}' /etc/apt/sources.list.d/debian.sources)}
docker image inspect studio-bench-debian:trixie >/dev/null 2>&1 ||
  mmdebstrap --variant=minbase --include=ca-certificates trixie - "$mirror" |
  docker import --change 'CMD ["/bin/bash"]' - studio-bench-debian:trixie
docker build -q --network host -t studio-bench-fastapi:local .
