#!/usr/bin/env bash
# Downloads the Debian packages of sources.tsv and unpacks their texts.
# Usage: fetch-sources.sh FOLDER   (Debian 12; apt's package lists must be up to date)
set -euo pipefail
folder=${1:?usage: fetch-sources.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder/downloads"
cd "$folder/downloads"
grep -v '^#' "$here/sources.tsv" | cut -f2 | while read -r package; do
  target="$folder/$package"
  [ -d "$target" ] && continue
  apt-get download "$package"
  archive=$(find . -maxdepth 1 -name "${package}_*.deb" | head -n 1)
  mkdir -p "$target.part"
  # Pictures, sounds and programs are most of the bytes and none of the text.
  dpkg-deb --fsys-tarfile "$archive" | tar -x -C "$target.part" --no-same-owner \
    --exclude='*.png' --exclude='*.jpg' --exclude='*.jpeg' --exclude='*.webp' --exclude='*.svg' \
    --exclude='*.ogg' --exclude='*.opus' --exclude='*.wav' --exclude='*.mp3' --exclude='*.webm' \
    --exclude='*.pdf' --exclude='*.epub' --exclude='*.so*' --exclude='./usr/bin' \
    --exclude='./usr/lib/x86_64*'
  dpkg-deb --show --showformat='${Package}\t${Version}\n' "$archive" >> "$folder/versions.tsv"
  mv "$target.part" "$target"
  rm -f "$archive"
done
