import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

export const binary = resolve(import.meta.dirname, "../../bin/studio.js");

export interface RunResult {
  exitCode: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

export interface TestProject {
  directory: string;
  port: number;
  url: string;
  env: Record<string, string | undefined>;
  /** Runs studio in the project. */
  studio(argv: readonly string[], env?: Record<string, string>): Promise<RunResult>;
  start(argv: readonly string[], env?: Record<string, string>): ChildProcess;
  write(file: string, text: string): void;
  /** Ends what runs there and removes the folder. */
  remove(): Promise<void>;
}

/** An empty project with a port of its own and short measurements. */
export async function createProject(
  settings = quickSettings,
  directory = mkdtempSync(join(tmpdir(), "p-")),
): Promise<TestProject> {
  const port = await freePort();
  const env = {
    PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
    HOME: directory,
    TMPDIR: tmpdir(),
    API_PORT: String(port),
  };
  if (settings !== "") writeFileSync(join(directory, "studio.yaml"), settings);
  const start = (argv: readonly string[], more: Record<string, string> = {}) =>
    spawn(process.execPath, [binary, ...argv], {
      cwd: directory,
      env: { ...env, ...more },
      stdio: ["ignore", "pipe", "pipe"],
    });
  return {
    directory,
    port,
    url: `http://127.0.0.1:${port}`,
    env,
    start,
    studio: (argv, more) => collect(start(argv, more)),
    write: (file, text) => writeFileSync(join(directory, file), text),
    async remove() {
      await collect(start(["down", "--lock-wait", "30s"]));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Gate and watch as short as they can be and still look. */
export const quickSettings = `
name: test
deploy:
  health: { passes: 1 }
  gate: { duration: 300ms, thresholds: ["errors<1%"] }
  watch: { for: 300ms, thresholds: ["errors<1%"] }
  drain: 2s
`;

export function collect(child: ChildProcess): Promise<RunResult> {
  const result: RunResult = { exitCode: null, signal: null, stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk) => (result.stdout += String(chunk)));
  child.stderr?.on("data", (chunk) => (result.stderr += String(chunk)));
  return new Promise((done, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode, signal) => done({ ...result, exitCode, signal }));
  });
}

export function freePort(): Promise<number> {
  return new Promise((done, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => done(port));
    });
  });
}
