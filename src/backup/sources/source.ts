import type { DatabaseFacts } from "../format/entry.ts";

/** What the system says about a path, as far as a backup needs it. */
export interface MemberAttributes {
  /** Where it belongs, relative to the project's folder; see format/path-text.ts. */
  path: string;
  mode: number;
  uid: number;
  gid: number;
  /** Milliseconds since 1970, with fractions; likewise `ctime`. */
  mtime: number;
  ctime: number;
  inode: number;
  /** Where it is now: an absolute path. */
  file: string;
  /** Extended attributes, where the source knows them: the value in base64 by name. */
  xattrs?: Record<string, string> | undefined;
}

export interface FileMember extends MemberAttributes {
  type: "file";
  /** Bytes. */
  size: number;
  device: number;
  /** How many names the file has. */
  names: number;
  /** Fewer bytes are on disk than the file has. */
  sparse: boolean;
}

export interface DirectoryMember extends MemberAttributes {
  type: "directory";
  /** Only here because it leads to what was asked for. */
  parent: boolean;
}

export interface SymlinkMember extends MemberAttributes {
  type: "symlink";
}

export type Member = FileMember | DirectoryMember | SymlinkMember;

export interface SkippedPath {
  path: string;
  reason: string;
}

export interface SourceContext {
  /** A folder for copies, removed once the snapshot is complete. */
  scratch: string;
  /** Absolute paths to leave out: the repository itself, files that another source copies. */
  avoid: ReadonlySet<string>;
  signal: AbortSignal | undefined;
  /** Reports what should have been stored and could not be. */
  skip(path: string, reason: string): void;
  /** Reports what was gone when it was to be read. */
  vanish(path: string): void;
  /** Reports what is never stored: FIFOs, sockets, devices. */
  ignore(path: string, kind: string): void;
  /** Reports a symbolic link that a pattern names: it is stored, what it points to is not. */
  link(path: string, target: string): void;
  /** Tells what the operator should know of the snapshot although it is complete. */
  note(text: string): void;
  /** Reports a database whose copy is among the members. */
  database(facts: DatabaseFacts): void;
}

/** Something that can be backed up: it yields batches of members, parents before what they hold. */
export interface Source {
  readonly kind: string;
  /** Absolute paths of files that this source alone may read. */
  readonly owns: readonly string[];
  isEmpty(): Promise<boolean>;
  members(context: SourceContext): AsyncIterable<Member[]>;
}

/** Whether there is nothing at all to back up yet, as on the first deploy. */
export async function sourcesAreEmpty(sources: readonly Source[]): Promise<boolean> {
  for (const source of sources) {
    if (!(await source.isEmpty())) return false;
  }
  return true;
}
