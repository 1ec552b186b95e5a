import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Bytes that must be free, of the file system and of memory: several times what a run fills. */
const wantedSpace = 4 * 1024 ** 3;

/** Short, as the folder of a project is: sockets lie in there, whose paths may not be long. */
const prefix = "t-";

/** An empty file in it: a name as short may be anybody's. */
const mark = "temporary-files-of-studio-tests";

/**
 * All temporary files of a run lie in one folder, which goes with the run: in memory where there is
 * room, for thousands of small files are made and removed there, else where the system keeps them.
 */
export default function setup(): void {
  const parent = [memory, tmpdir()].find(isSuitable) ?? tmpdir();
  removeAbandoned(parent);
  const folder = join(parent, `${prefix}${process.pid}`);
  mkdirSync(folder);
  writeFileSync(join(folder, mark), "");
  // As the system's own: the servers of some tests run under accounts of theirs.
  chmodSync(folder, 0o1777);
  process.env["TMPDIR"] = folder;
  // For threads, each of which would strip the types of its code and compile it anew.
  process.env["NODE_COMPILE_CACHE"] = join(folder, "compiled");
  process.once("exit", () => remove(folder));
}

const memory = "/dev/shm";

/** Programs must be able to run from there (native modules do), and files to bear attributes. */
function isSuitable(parent: string): boolean {
  if (!existsSync(parent)) return false;
  const { bavail, bsize } = statfsSync(parent);
  if (Math.min(bavail * bsize, process.availableMemory()) < wantedSpace) return false;
  const program = join(parent, `studio-probe-${process.pid}`);
  try {
    writeFileSync(program, "#!/bin/sh\n", { mode: 0o700 });
    const attribute = spawnSync("setfattr", ["-n", "user.probe", "-v", "x", program]);
    return (
      spawnSync(program).status === 0 && (attribute.error !== undefined || attribute.status === 0)
    );
  } catch {
    return false;
  } finally {
    rmSync(program, { force: true });
  }
}

/** What runs left that were killed. */
function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = new RegExp(`^${prefix}(\\d+)$`).exec(name)?.[1];
    const folder = join(parent, name);
    if (pid === undefined || isInUse(Number(pid)) || !existsSync(join(folder, mark))) continue;
    remove(folder);
  }
}

function isInUse(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Where a process of an interrupted run still writes to it, the next run removes it. */
function remove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    process.stderr.write(`${folder} is left: ${String(error)}\n`);
  }
}
