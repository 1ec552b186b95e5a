/**
 * What to do where a path exists with another content: `fail` before anything is written; `always`
 * replace it; `if-changed` the same, but judge by size and time and read nothing; `if-newer` replace
 * what is older than the snapshot's; `never` replace it; `keep-both` write the snapshot's beside it.
 */
export type ConflictPolicy = "always" | "if-changed" | "if-newer" | "never" | "fail" | "keep-both";
