/** What someone finds who has the repository but not studio. */
export const repositoryReadme = `This folder is a backup repository written by studio.
Everything in it can be restored with tar, zstd and sha256sum alone.

  snapshots/<id>/COMMIT              what the snapshot is; SHA-256 of each object beside it
  snapshots/<id>/data-*.tar.zst      archives: the files under their own relative paths
  snapshots/<id>/SHA256SUMS          SHA-256 of every restored file
  snapshots/<id>/manifest.jsonl.zst  one line per file, with all attributes
  snapshots/<id>/verified.json       when the snapshot was last read back, and the outcome
  trash/<id>.json                    the snapshot <id> was given up and will be removed

A folder in snapshots/ without COMMIT is the rest of an interrupted run: do not use it.

To restore a snapshot into an empty folder, with ID set to its id and REPO to this folder:

  mkdir restored && cd restored
  for archive in "$REPO/snapshots/$ID"/data-*.tar.zst; do
    zstd -dc "$archive" | tar -xpf -
  done
  sha256sum --quiet -c "$REPO/snapshots/$ID/SHA256SUMS"

A SQLite database is in .studio/snapshot/<label>.sqlite3: a whole, consistent copy. Stop what uses
the database, remove its -wal and -shm files, and put the copy in its place.
`;
