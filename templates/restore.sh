#!/bin/sh
# Restores a snapshot of this repository without studio: sh restore.sh [-i AGE-KEY] [ID FOLDER]
# Needs awk, sha256sum, zstd and GNU tar; age where the snapshot is encrypted; setfattr, of the
# package attr, for extended attributes.
set -eu
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
key=

fail() {
  printf 'restore.sh: %s\n' "$1" >&2
  exit 1
}

while getopts i: option; do
  case $option in
    i) key=$(cd "$(dirname "$OPTARG")" && pwd)/$(basename "$OPTARG") ;;
    *) fail 'usage: sh restore.sh [-i AGE-KEY] [ID FOLDER]' ;;
  esac
done
shift $((OPTIND - 1))

if [ $# -eq 0 ]; then
  for commit in "$here"/snapshots/*/COMMIT; do
    [ -f "$commit" ] || continue
    id=$(basename "$(dirname "$commit")")
    set -- "$id" "$(sed -n 's/^  "created": "\(.*\)",$/\1/p' "$commit")" \
      "$(sed -n 's/^  "set": "\(.*\)",$/\1/p' "$commit")"
    printf '%s  %s  %s\n' "$@"
  done
  exit 0
fi
[ $# -eq 2 ] || fail 'usage: sh restore.sh [-i AGE-KEY] [ID FOLDER]'
snapshot=$here/snapshots/$1
[ -f "$snapshot/COMMIT" ] || fail "there is no snapshot $1; without an ID they are listed"
mkdir -p "$2"
[ -z "$(ls -A "$2")" ] || fail "$2 is not empty"
target=$(cd "$2" && pwd)

age=
grep -q '^  "encrypted": true' "$snapshot/COMMIT" && age=.age

# Everything is proven before anything is written: the COMMIT by the checksum in itself, that of its
# text with 64 zeros in its place; the lists by the COMMIT; and the objects by the list of them.
sum() {
  sha256sum | cut -c 1-64
}
recorded() {
  sed -n "s/^ *\"$1\": \"\([0-9a-f]\{64\}\)\",\{0,1\}\$/\1/p" "$snapshot/COMMIT"
}
checksum=$(recorded checksum)
zeros=$(printf '%064d' 0)
[ "$(sed "s/\"$checksum\"/\"$zeros\"/" "$snapshot/COMMIT" | sum)" = "$checksum" ] ||
  fail 'the COMMIT of the snapshot is damaged'
[ "$(sum < "$snapshot/manifest.zst$age")" = "$(recorded manifest)" ] ||
  fail 'the manifest of the snapshot is damaged'
[ "$(sum < "$snapshot/objects")" = "$(recorded sha256)" ] ||
  fail 'the list of objects is damaged'
# An empty snapshot needs none.
[ ! -s "$snapshot/objects" ] || (cd "$here" && sha256sum --check --quiet "$snapshot/objects") ||
  fail 'the repository is damaged'

if [ -n "$age" ] && [ -z "$key" ]; then fail 'the snapshot is encrypted: give the key with -i'; fi

# The content of a stored file.
decode() {
  if [ -n "$age" ]; then age -d -i "$key" "$1" | zstd -dcq; else zstd -dcq "$1"; fi
}

# The path of an object: objects/ab/HASH and the ending of its kind.
object() {
  printf '%s/objects/%.2s/%s.%s%s' "$here" "$1" "$1" "$2" "$age"
}

work=$target/.studio-restore
mkdir "$work" "$work/lists" "$work/members"
trap 'rm -rf "$work"' EXIT

decode "$snapshot/manifest.zst$age" > "$work/manifest" || fail 'the snapshot cannot be read'
awk -F '\t' '$1 == "page" { print $2 }' "$work/manifest" > "$work/pages"
awk -F '\t' '$1 == "amendment" { print $2 }' "$work/manifest" > "$work/amendments"

# The lines of a page without those that are amended. What stands there as the number of an object
# becomes its hash.
amended=$work/amended
export amended
: > "$amended"
lines() {
  decode "$(object "$1" page.zst)" > "$work/page" || fail 'the snapshot cannot be read'
  awk -F '\t' -v OFS='\t' '
    BEGIN { while ((getline path < ENVIRON["amended"]) > 0) gone[path] = 1 }
    function expand(text, parts, n, i, ends, k, out) {
      n = split(text, parts, ","); out = ""
      for (i = 1; i <= n; i++) {
        if (split(parts[i], ends, "-") == 1) ends[2] = ends[1]
        for (k = ends[1] + 0; k <= ends[2] + 0; k++) out = out (out == "" ? "" : ",") hash[k]
      }
      return out
    }
    $1 == "o" { hash[count++] = $2; next }
    $1 != "x" { passed = $6 in gone }
    passed { next }
    $1 == "f" || $1 == "s" {
      if ($9 ~ /^m/) {
        stale = $9 ~ /!$/ ? "!" : "="; sub(/^m/, "", $9); sub(/!$/, "", $9)
        print $1, $2, $3, $4, $5, $6, $7, $8, "m", hash[$9 + 0], (NF > 9 ? $10 : $6), stale
      } else if ($9 ~ /^c/) print $1, $2, $3, $4, $5, $6, $7, $8, "c", expand(substr($9, 2))
      else print $1, $2, $3, $4, $5, $6, $7, $8, "-"
      next
    }
    { print }' "$work/page"
}

# One list of all entries: first what takes the place of others.
while read -r page; do lines "$page"; done < "$work/amendments" > "$work/entries"
awk -F '\t' '$1 != "x" { print $6 }' "$work/entries" > "$work/paths"
mv "$work/paths" "$amended"
while read -r page; do lines "$page"; done < "$work/pages" >> "$work/entries"

# An escaped path (\\ and \ooo) as it is. The x keeps line breaks at the end.
soh=$(printf '\001')
plain() {
  case $1 in
    *\\*) ;;
    *)
      unescaped=$1
      return
      ;;
  esac
  unescaped=$(printf '%s' "$1" | sed "s/\\\\\\\\/$soh/g; s/\\\\\\([0-3]\\)/\\\\0\\1/g; s/$soh/\\\\0134/g")
  unescaped=$(printf '%bx' "$unescaped")
  unescaped=${unescaped%x}
}

# Folders, and nobody else's until they are complete.
umask 077
awk -F '\t' '$1 == "d" || $1 == "p" { print $6 }' "$work/entries" | while IFS= read -r path; do
  plain "$path"
  mkdir -p "$target/$unescaped"
done

# Small files lie in tar archives under the paths they had when they were stored. Those that still
# have that path and those attributes are unpacked in place; the others are moved there afterwards.
# tar takes a line that starts with a dash for an option: such names are stored with ./ before them.
awk -F '\t' -v lists="$work/lists" '
  $9 == "m" {
    file = lists "/" $10 ($12 == "=" && $11 == $6 ? ".here" : ".move")
    member = $11
    if (member ~ /^-/) member = "./" member
    if (file ~ /here$/) print member >> file; else print member "\t" $6 >> file
    close(file)
  }' "$work/entries"
for list in "$work"/lists/*; do
  [ -f "$list" ] || continue
  archive=$(object "$(basename "${list%.*}")" tar.zst)
  case $list in
    *.here) decode "$archive" | tar -xpf - -C "$target" --no-recursion -T "$list" ;;
    *.move)
      cut -f 1 "$list" | sort -u > "$work/wanted"
      decode "$archive" | tar -xpf - -C "$work/members" --no-recursion -T "$work/wanted"
      while IFS='	' read -r member path; do
        plain "$member"
        from=$work/members/$unescaped
        plain "$path"
        cp -p "$from" "$target/$unescaped"
      done < "$list"
      rm -rf "$work/members"
      mkdir "$work/members"
      ;;
  esac
done

# Large files are their pieces, one after the other; what is left is made of nothing.
while IFS='	' read -r type mode uid gid time path size hash kind objects rest; do
  case $type in
    f | s)
      [ "$kind" != m ] || [ "${rest#*	}" != '=' ] || continue
      plain "$path"
      file=$target/$unescaped
      if [ "$kind" = c ]; then
        printf '%s\n' "$objects" | tr , '\n' | while read -r piece; do
          decode "$(object "$piece" zst)"
        done > "$file"
        if [ "$type" = s ]; then cp --sparse=always "$file" "$file.sparse" && mv "$file.sparse" "$file"; fi
      elif [ "$kind" = - ]; then
        : > "$file"
      fi
      if [ "$(id -u)" -eq 0 ]; then chown "$uid:$gid" "$file"; fi
      chmod "$mode" "$file"
      touch -d "@$time" "$file"
      ;;
    l)
      plain "$size"
      to=$unescaped
      plain "$path"
      ln -s "$to" "$target/$unescaped"
      if [ "$(id -u)" -eq 0 ]; then chown -h "$uid:$gid" "$target/$unescaped"; fi
      touch -h -d "@$time" "$target/$unescaped"
      ;;
  esac
done < "$work/entries"

# Other names of files that are there by now.
awk -F '\t' '$1 == "h"' "$work/entries" | while IFS='	' read -r _ _ _ _ _ path to; do
  plain "$to"
  from=$target/$unescaped
  plain "$path"
  ln -f "$from" "$target/$unescaped"
done

# Each file is what was backed up. sha256sum escapes names by rules of its own.
awk -F '\t' '($1 == "f" || $1 == "s") && $6 !~ /\\/ { print $8 "  ./" $6 }' "$work/entries" > "$work/sums"
[ ! -s "$work/sums" ] || (cd "$target" && sha256sum --check --quiet "$work/sums") ||
  fail 'restored files are not what was backed up'
awk -F '\t' '($1 == "f" || $1 == "s") && $6 ~ /\\/ { print $8 "\t" $6 }' "$work/entries" |
  while IFS='	' read -r hash path; do
    plain "$path"
    [ "$(sha256sum < "$target/$unescaped" | cut -c 1-64)" = "$hash" ] ||
      fail "$path is not what was backed up"
  done

# Folders last: the files written into them have changed their times.
awk -F '\t' '$1 == "d" || $1 == "p"' "$work/entries" | sort -r -t '	' -k 6,6 > "$work/folders"
awk -F '\t' '
  function octal(text, parts, n, i, out) {
    n = split(text, parts, /\\\\/); out = parts[1]
    for (i = 2; i <= n; i++) out = out "\\134" parts[i]
    return out
  }
  function name(text, parts, n, i, out) {
    n = split(octal(text), parts, /=/); out = parts[1]
    for (i = 2; i <= n; i++) out = out "\\075" parts[i]
    return out
  }
  $1 == "x" && path != "" { print "\n# file: " octal(path); path = ""; open = 1 }
  $1 == "x" && open { print name($2) "=0s" $3; next }
  $1 != "x" { open = 0; path = $1 ~ /^[dpfs]$/ ? $6 : "" }' "$work/entries" > "$work/attributes"
cp "$work/folders" "$target/../.studio-restore-folders.$$"
cp "$work/attributes" "$target/../.studio-restore-attributes.$$"
rm -rf "$work"
trap 'rm -f "$target/../.studio-restore-folders.$$" "$target/../.studio-restore-attributes.$$"' EXIT
while IFS='	' read -r _ mode uid gid time path; do
  plain "$path"
  if [ "$(id -u)" -eq 0 ]; then chown "$uid:$gid" "$target/$unescaped"; fi
  chmod "$mode" "$target/$unescaped"
  touch -d "@$time" "$target/$unescaped"
done < "$target/../.studio-restore-folders.$$"

# Extended attributes last of all: a change of owner takes capabilities away.
attributes=$target/../.studio-restore-attributes.$$
if [ -s "$attributes" ]; then
  if command -v setfattr > /dev/null; then
    (cd "$target" && setfattr --no-dereference --restore=- < "$attributes") ||
      printf 'restore.sh: extended attributes are not all set\n' >&2
  else
    printf 'restore.sh: extended attributes are not set: install attr and restore again\n' >&2
  fi
fi
printf 'restored %s into %s\n' "$1" "$2"
