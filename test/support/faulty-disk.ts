import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { pathBytes } from "../../src/backup/format/path-text.ts";

/** A system call that changes what is on a disk. */
interface Change {
  call: string;
  path: string;
}

/**
 * `full`: from that change on, whatever needs room fails, and what removes still works;
 * `once`: that change alone fails; `dead`: from that change on none is carried out any more, as
 * where the process was killed; `torn`: the same, but of the content that is written the first half
 * arrives; `killed`: this very process is killed ahead of that change.
 */
export type Fault = "full" | "once" | "dead" | "torn" | "killed";

export interface FaultyDisk {
  /** What was changed since the last `arm`, in order. */
  readonly changes: readonly Change[];
  /** Lets the `at`-th change from now on, counted from 1, fail; 0: none does. */
  arm(fault: Fault, at: number): void;
  /** Every call works again. */
  heal(): void;
  /** Takes the spying off. */
  remove(): void;
}

type Call = (...parameters: unknown[]) => unknown;
type Calls = Record<string, Call>;

/** Calls of `node:fs` by their name, and where the path is that they change. */
const byPath = {
  mkdir: 0,
  rename: 1,
  unlink: 0,
  rm: 0,
  rmdir: 0,
  link: 1,
  symlink: 1,
  copyFile: 1,
};
const freeing = new Set(["unlink", "rm", "rmdir", "ftruncate", "close"]);

/**
 * Sits between this very process and the disk, for all that lies below a folder: each call that
 * changes something there is counted, and can be made to fail. Threads are not covered.
 */
export function faultyDisk(folder: string): FaultyDisk {
  const changes: Change[] = [];
  const opened = new Map<number, string>();
  let [fault, at]: [Fault, number] = ["once", 0];
  const restores: (() => void)[] = [];

  /** What is to become of the next change: null where it is carried out. */
  function strike(call: string, path: string): "refuse" | "halve" | null {
    changes.push({ call, path });
    if (at === 0 || changes.length < at) return null;
    if (fault === "killed") process.kill(process.pid, "SIGKILL");
    const first = changes.length === at;
    if (fault === "once") return first ? "refuse" : null;
    if (fault === "full") return freeing.has(call) ? null : "refuse";
    return fault === "torn" && first && call === "write" ? "halve" : "refuse";
  }

  function refusal(call: string, path: string): Error {
    const code = fault === "dead" || fault === "torn" ? "EIO" : "ENOSPC";
    return Object.assign(new Error(`${code}: injected, ${call} '${path}'`), { code, path });
  }

  const isInside = (path: string): boolean => path.startsWith(`${folder}/`) || path === folder;

  function around(calls: Calls, name: string, wrap: (original: Call) => Call): void {
    const original = calls[name];
    if (original === undefined) throw new Error(`node:fs has no ${name}.`);
    calls[name] = wrap(original);
    restores.push(() => (calls[name] = original));
  }

  function guard(call: string, path: string): void {
    if (isInside(path) && strike(call, path) !== null) throw refusal(call, path);
  }

  for (const [name, position] of Object.entries(byPath)) {
    around(fs as unknown as Calls, `${name}Sync`, (original) => (...parameters) => {
      guard(name, textOf(parameters[position]));
      return original(...parameters);
    });
    around(fs.promises as unknown as Calls, name, (original) => async (...parameters) => {
      guard(name, textOf(parameters[position]));
      return original(...parameters);
    });
  }
  around(fs as unknown as Calls, "openSync", (original) => (...parameters) => {
    const path = textOf(parameters[0]);
    const writes = isInside(path) && opensToWrite(parameters[1]);
    if (writes) guard("open", path);
    const descriptor = original(...parameters) as number;
    if (writes) opened.set(descriptor, path);
    else opened.delete(descriptor);
    return descriptor;
  });
  around(fs as unknown as Calls, "writeSync", (original) => (...parameters) => {
    const [descriptor, bytes, start = 0, ...rest] = parameters as [
      number,
      Buffer,
      number?,
      number?,
      number?,
    ];
    const [length = bytes.length, position] = rest;
    const path = opened.get(descriptor);
    const outcome = path === undefined ? null : strike("write", path);
    if (outcome === "halve") original(descriptor, bytes, start, Math.floor(length / 2), position);
    if (outcome !== null) throw refusal("write", path ?? "");
    return original(...parameters);
  });
  for (const name of ["ftruncate", "fchmod", "fchown", "futimes", "fdatasync", "fsync"]) {
    around(fs as unknown as Calls, `${name}Sync`, (original) => (...parameters) => {
      const path = opened.get(parameters[0] as number);
      if (path !== undefined && strike(name, path) !== null) throw refusal(name, path);
      return original(...parameters);
    });
  }
  for (const name of ["writeFile", "appendFile"]) {
    around(fs as unknown as Calls, `${name}Sync`, (original) => (...parameters) => {
      const path = textOf(parameters[0]);
      const outcome = isInside(path) ? strike("write", path) : null;
      const content = Buffer.from(parameters[1] as string);
      const half = content.subarray(0, Math.floor(content.length / 2));
      if (outcome === "halve") original(parameters[0], half, ...parameters.slice(2));
      if (outcome !== null) throw refusal("write", path);
      return original(...parameters);
    });
  }
  around(fs.promises as unknown as Calls, "open", (original) => async (...parameters) => {
    const path = textOf(parameters[0]);
    const spied = isInside(path);
    if (spied && opensToWrite(parameters[1])) guard("open", path);
    const handle = (await original(...parameters)) as Calls;
    if (spied) spyOnHandle(handle, path);
    return handle;
  });

  function spyOnHandle(handle: Calls, path: string): void {
    const { write, datasync, sync } = handle;
    handle["write"] = async (bytes, start, length, position) => {
      const outcome = strike("write", path);
      const half = Math.floor((length as number) / 2);
      if (outcome === "halve") await write?.call(handle, bytes, start, half, position);
      if (outcome !== null) throw refusal("write", path);
      return write?.call(handle, bytes, start, length, position);
    };
    handle["datasync"] = async () => {
      if (strike("datasync", path) !== null) throw refusal("datasync", path);
      return datasync?.call(handle);
    };
    handle["sync"] = async () => {
      if (strike("sync", path) !== null) throw refusal("sync", path);
      return sync?.call(handle);
    };
  }

  syncBuiltinESMExports();
  return {
    changes,
    arm(nextFault, nextAt) {
      changes.length = 0;
      [fault, at] = [nextFault, nextAt];
    },
    heal() {
      at = 0;
    },
    remove() {
      for (const restore of restores) restore();
      syncBuiltinESMExports();
    },
  };
}

function opensToWrite(flags: unknown): boolean {
  if (typeof flags === "string") return flags !== "r";
  return typeof flags === "number" && (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0;
}

function textOf(path: unknown): string {
  return Buffer.isBuffer(path)
    ? path.toString("latin1")
    : pathBytes(String(path)).toString("latin1");
}
