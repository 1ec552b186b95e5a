import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { rounds, timeLimit } from "../../support/every.ts";
import { binary, collect } from "../../support/studio.ts";
import { serve } from "./servers.ts";

it(
  "a run whose generator stood still for a moment ends with exit 9, not with a verdict",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "studio-bench-"));
    for (let round = 0; round < rounds(1, 20); round += 1) {
      const { exitCode, stdout } = await runFrozen(folder);
      const { ok, error, result } = JSON.parse(stdout) as Answer;
      expect({ exitCode, ok, code: error?.code }).toEqual({
        exitCode: 9,
        ok: false,
        code: "bench.invalid",
      });
      expect(result.generator.reasons.join(" ")).toMatch(/sent late/);
    }
    await rm(folder, { recursive: true });
  },
  timeLimit(120_000),
);

interface Answer {
  ok: boolean;
  error: { code: string } | null;
  result: { generator: { reasons: string[] } };
}

/** Stops the whole process for 300 ms in the middle of its run. */
async function runFrozen(cwd: string) {
  const begun = Promise.withResolvers<void>();
  const server = await serve((_, response) => {
    begun.resolve();
    response.end("ok");
  });
  const line = ["bench", "smoke", "--url", server.url, "--rate", "100", "--duration", "2s"];
  const child = spawn(process.execPath, [binary, ...line, "--json"], {
    cwd,
    env: { PATH: process.env["PATH"], HOME: cwd },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = collect(child);
  await Promise.race([begun.promise, ended]);
  child.kill("SIGSTOP");
  await sleep(300);
  child.kill("SIGCONT");
  try {
    return await ended;
  } finally {
    await server.close();
  }
}
