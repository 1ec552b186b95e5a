import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

export interface Measured {
  /** Seconds. */
  wall: number;
  /** Bytes: the most that the program and its children held at one time, as far as was seen. */
  memory: number;
  /** What it wrote to its standard output, where that is read. */
  output: string;
}

export interface Program {
  argv: readonly string[];
  env?: Record<string, string>;
  cwd: string;
  /** What it writes is read, and its exit code says something of what it looked at. */
  reads?: boolean;
}

/** Runs a program to its end. @throws Error with what it wrote when it fails */
export async function runMeasured({ argv, env, cwd, reads = false }: Program): Promise<Measured> {
  const [file = "", ...rest] = argv;
  const started = performance.now();
  const child = spawn(file, rest, {
    cwd,
    env: { ...process.env, ...env },
    // Who only is measured writes to nobody, for whom it would wait.
    stdio: ["ignore", reads ? "pipe" : "ignore", "pipe"],
  });
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  let memory = 0;
  const watch = setInterval(() => {
    memory = Math.max(memory, residentOf(child.pid ?? 0));
  }, 100);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  clearInterval(watch);
  const wall = (performance.now() - started) / 1000;
  if (code !== 0 && !reads) throw new Error(`${argv.join(" ")} ended with ${code}:\n${complaint}`);
  return { wall, memory, output };
}

/**
 * The most memory that a process and those it started have held so far, in bytes (VmHWM of
 * proc_pid_status(5)). It never falls, so that it need not be looked at often: to look stops each
 * thread for a moment, and a short run would be measured slower than it is.
 */
function residentOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const own = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
    return childrenOf(pid).reduce((sum, child) => sum + residentOf(child), own);
  } catch {
    return 0;
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8")
      .split(" ")
      .filter(Boolean)
      .map(Number),
  );
}
