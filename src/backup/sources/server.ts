import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { copiesFolder } from "../format/layout.ts";
import type { Member, Source, SourceContext } from "./source.ts";
import { memberOf } from "./stat-member.ts";

/** A dump of one state of a database, as files in a folder. */
export interface ServerDump {
  /** Rows of each table at the instant of the dump. */
  tables: Record<string, number>;
  /** The server's kind and version. */
  server: Record<string, unknown>;
  /** What the dump does not hold, in sentences. */
  warnings: string[];
}

export interface ServerSourceOptions {
  dialect: "postgres" | "mysql";
  /** What the dump is called inside the snapshot: letters, digits, dashes. */
  label: string;
  /** Whether the database has no table at all. */
  isEmpty(): Promise<boolean>;
  /** Writes a dump into a folder that is not there yet. */
  dump(into: string, signal: AbortSignal | undefined): Promise<ServerDump>;
}

/** A database of a server: what its own dump program writes, one file per table. */
export function serverSource(options: ServerSourceOptions): Source {
  const { dialect, label } = options;
  const path = `${copiesFolder}${label}`;
  return {
    kind: dialect,
    owns: [],
    isEmpty: () => options.isEmpty(),
    async *members(context): AsyncGenerator<Member[]> {
      const folder = join(context.scratch, label);
      const { tables, server, warnings } = await options.dump(folder, context.signal);
      for (const warning of warnings) context.note(warning);
      yield await membersOf(path, folder, context);
      context.database({ label, dialect, path, tables, server });
    },
  };
}

async function membersOf(path: string, folder: string, context: SourceContext): Promise<Member[]> {
  const members: Member[] = [];
  const names = (await readdir(folder)).toSorted();
  for (const name of ["", ...names]) {
    const file = name === "" ? folder : join(folder, name);
    const member = memberOf(name === "" ? path : `${path}/${name}`, file, await lstat(file));
    if (member === null) throw new Error(`${file} is no file of a dump.`);
    members.push(member);
    context.signal?.throwIfAborted();
  }
  return members;
}
