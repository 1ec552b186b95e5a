import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { binary, collect, freePort } from "../support/studio.ts";

const escape = "\u001B";
let folder: string;
let env: Record<string, string>;
/** What load tests load. */
let server: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "studio-terminal-"));
  env = {
    PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
    HOME: folder,
    TMPDIR: tmpdir(),
    TERM: "xterm-256color",
    API_PORT: String(await freePort()),
  };
  expect((await piped(["backup", "create"])).exitCode).toBe(0);
  server = createServer((_request, response) => response.end("ok"));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", () => done()));
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A load test of a second or so. */
function shortLoad(): string[] {
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return ["bench", "smoke", "--url", url, "--users", "2", "--duration", "1400ms"];
}

/** How a line begins that is drawn over the one before. */
const redrawn = `\r${escape}[K`;

function piped(argv: readonly string[], more: Record<string, string> = {}) {
  const child = spawn(process.execPath, [binary, ...argv], {
    cwd: folder,
    env: { ...env, ...more },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // Somebody who pipes "yes" into a command has not been asked anything.
  child.stdin.on("error", () => {});
  child.stdin.end("y\n");
  return collect(child);
}

/** A program that runs a command line in a terminal of its own, or null where there is none. */
const terminal = findTerminal();

function findTerminal(): ((line: string) => [string, string[]]) | null {
  const found = (file: string, argv: string[]) => spawnSync(file, argv).status === 0;
  if (found("script", ["-qec", "true", "/dev/null"])) {
    return (line) => ["script", ["-qec", line, "/dev/null"]];
  }
  if (found("python3", ["-c", "import pty"])) {
    const program =
      "import os, pty, sys; " +
      "sys.exit(os.waitstatus_to_exitcode(pty.spawn(['/bin/sh', '-c', sys.argv[1]])))";
    return (line) => ["python3", ["-c", program, line]];
  }
  process.stderr.write("Tests on a terminal are left out: neither script nor python3 is there.\n");
  return null;
}

function onTerminal(argv: readonly string[], more: Record<string, string> = {}): ChildProcess {
  const line = [process.execPath, binary, ...argv].map((word) => `'${word}'`).join(" ");
  const [file, words] = terminal?.(line) ?? ["false", []];
  return spawn(file, words, { cwd: folder, env: { ...env, ...more }, stdio: "pipe" });
}

/** Types an answer once a question can be read. */
async function answering(child: ChildProcess, question: string, answer: string) {
  let seen = "";
  child.stdout?.on("data", (chunk) => {
    const before = seen;
    seen += String(chunk);
    if (!before.includes(question) && seen.includes(question)) child.stdin?.write(answer);
  });
  return collect(child);
}

describe("off a terminal", () => {
  test.each([["status"], ["history"], ["backup", "list"], ["deploy", "--dry-run"], ["up"]])(
    "%s %s writes no escape code",
    async (...argv) => {
      const { stdout, stderr } = await piped(argv.filter((word) => typeof word === "string"));
      expect(stdout + stderr).not.toContain(escape);
    },
  );

  test("no question is asked: a missing answer is a usage error that names the flag", async () => {
    const result = await piped(["backup", "restore", "latest", "--database"]);
    expect(result.exitCode).toBe(2);
    expect(result.stdout).toBe("");
    expect(result.stderr).toContain("--yes");
  });

  test("a load test tells nothing of how it stands", async () => {
    const { stdout, stderr } = await piped(shortLoad());
    expect(stdout).toContain("scheduled");
    expect(stdout + stderr).not.toContain(" left");
    expect(stdout + stderr).not.toContain(escape);
  });

  test("a table is lines of tabs without a heading", async () => {
    const { stdout } = await piped(["backup", "list"]);
    expect(stdout.trim().split("\n")).toHaveLength(1);
    expect(stdout).toContain("\t");
  });
});

describe.skipIf(terminal === null)("on a terminal", () => {
  test("results and errors are coloured, and a table has a heading", async () => {
    const listed = await collect(onTerminal(["backup", "list"]));
    expect(listed.stdout).toContain(`${escape}[1m`);
    expect(listed.stdout.trim().split("\n").length).toBeGreaterThan(1);
    const refused = await collect(onTerminal(["up"]));
    expect(refused.exitCode).toBe(2);
    expect(refused.stdout).toContain(`${escape}[31merror:`);
  });

  test.each([
    ["--no-color", ["backup", "list", "--no-color"], {}],
    ["NO_COLOR", ["backup", "list"], { NO_COLOR: "1" }],
    ["TERM=dumb", ["backup", "list"], { TERM: "dumb" }],
    ["--json", ["backup", "list", "--json"], {}],
  ] as const)("nothing is coloured with %s", async (_name, argv, more) => {
    const { stdout, exitCode } = await collect(onTerminal(argv, more));
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain(`${escape}[`);
  });

  test("a load test shows how it stands while it runs, and takes the line away", async () => {
    const { stdout } = await collect(onTerminal(shortLoad()));
    const lines = stdout.split(redrawn);
    const figures = /^smoke  \d+\/s  p50 \S+ p95 \S+ p99 \S+ ms  errors 0\.0 %  1 s left$/;
    expect(lines.filter((line) => figures.test(line)).length).toBeGreaterThanOrEqual(1);
    expect(lines.at(-1)).toMatch(/^[^]*scheduled = /);
    expect(lines.at(-1)).not.toContain(" left");
  });

  test.each(["--json", "--quiet"])("a load test shows nothing of it with %s", async (flag) => {
    const { stdout } = await collect(onTerminal([...shortLoad(), flag]));
    expect(stdout).toContain("scheduled");
    expect(stdout).not.toContain(redrawn);
    expect(stdout).not.toContain(" left");
  });

  test("a question is asked, and no leaves everything as it is", async () => {
    const child = onTerminal(["backup", "restore", "latest", "--database"]);
    const { stdout, exitCode } = await answering(child, "(y/N)", "n\r");
    expect(stdout).toContain("Replace the database");
    expect(stdout).toContain("Nothing was changed");
    expect(exitCode).toBe(2);
  });

  test("Ctrl-C at a question ends with 130", async () => {
    const child = onTerminal(["backup", "restore", "latest", "--database"]);
    const { exitCode } = await answering(child, "(y/N)", "\u0003");
    expect(exitCode).toBe(130);
  });

  test("--no-input and --json ask nothing even there", async () => {
    const line = ["backup", "restore", "latest", "--database"];
    for (const flag of ["--no-input", "--json"]) {
      const { stdout, exitCode } = await collect(onTerminal([...line, flag]));
      expect(exitCode).toBe(2);
      expect(stdout).toContain("--yes");
    }
  });
});
