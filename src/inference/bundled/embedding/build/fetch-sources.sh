#!/usr/bin/env bash
# Downloads the Debian packages of dictionaries and unpacks their files.
# Usage: fetch-sources.sh FOLDER   (Debian 12; apt's package lists must be up to date)
set -euo pipefail
folder=${1:?usage: fetch-sources.sh FOLDER}
mkdir -p "$folder/downloads"
cd "$folder/downloads"
for package in wordnet-base dict-gcide dict-foldoc dict-jargon; do
  apt-get download "$package"
  archive=$(find . -maxdepth 1 -name "${package}_*.deb" | head -n 1)
  dpkg-deb --extract "$archive" "$folder/$package"
  dpkg-deb --show --showformat='${Package}\t${Version}\n' "$archive" >> "$folder/versions.tsv"
  rm -f "$archive"
done
